/* SPDX-License-Identifier: Apache-2.0 */

/* What spatch, which reads OVS's files without their headers, should take
 * OVS's annotations for.  Without these it cannot parse the functions that
 * carry one, so no hook would ever fit them.  The patched files keep the
 * annotations: only spatch's own view of them is simplified. */

#define OVS_ACQUIRES(...)
#define OVS_ACQ_AFTER(...)
#define OVS_ACQ_BEFORE(...)
#define OVS_ACQ_RDLOCK(...)
#define OVS_ACQ_WRLOCK(...)
#define OVS_ALIGNED_VAR(SIZE)
#define OVS_EXCLUDED(...)
#define OVS_FORCE
#define OVS_GUARDED
#define OVS_GUARDED_BY(...)
#define OVS_LOCKABLE
#define OVS_NO_THREAD_SAFETY_ANALYSIS
#define OVS_PACKED_ENUM
#define OVS_PRINTF_FORMAT(...)
#define OVS_RELEASES(...)
#define OVS_REQUIRES(...)
#define OVS_REQ_RDLOCK(...)
#define OVS_REQ_WRLOCK(...)
#define OVS_TRY_LOCK(...)
#define OVS_UNUSED
#define OVS_WARN_UNUSED_RESULT

#define ATOMIC(TYPE) TYPE
#define OVSRCU_TYPE(TYPE) TYPE
