// SPDX-License-Identifier: Apache-2.0
// file: lib/sflow_receiver.c
// expect: elemSiz = 4 \* STT_SFLOW_KEY_WORDS
// expect: putNet32_run\(receiver, &elem->flowType, STT_SFLOW_KEY_WORDS
// expect: include "stt/stt-export.h"

@ includes @
@@
 #include "sflow_api.h"
+#include "stt/stt-export.h"

// The statements S are the switches over what a sample can consist of.
@ size @
statement S;
@@
 fs->num_elements++;
 siz += 8;
+if (elem->tag == STT_SFLOW_KEY_TAG) {
+  elemSiz = 4 * STT_SFLOW_KEY_WORDS;
+} else
 S

@ contents @
SFLFlow_sample_element *elem;
statement S;
@@
 putNet32(receiver, elem->length);
+if (elem->tag == STT_SFLOW_KEY_TAG) {
+  putNet32_run(receiver, &elem->flowType, STT_SFLOW_KEY_WORDS);
+} else
 S
