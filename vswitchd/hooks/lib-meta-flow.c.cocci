// SPDX-License-Identifier: Apache-2.0
// file: lib/meta-flow.c
// expect: stt_add_field_name\(&mf_by_name, mf\)
// expect: include "stt/stt-field.h"

@ includes @
@@
 #include "openvswitch/meta-flow.h"
+#include "stt/stt-field.h"

// The table from which every name of a field is looked up.
@ name @
identifier mf;
@@
 nxm_do_init(void)
 {
   <...
   shash_add_once(&mf_by_name, mf->name, mf);
+  stt_add_field_name(&mf_by_name, mf);
   ...>
 }
