# tests/package.m4.  Generated from package.m4.in by configure.
m4_define([AT_PACKAGE_NAME], [ovs-stt])
m4_define([AT_PACKAGE_TARNAME], [ovs-stt])
m4_define([AT_PACKAGE_VERSION], [0.1.0])
m4_define([AT_PACKAGE_STRING], [ovs-stt 0.1.0])
m4_define([AT_PACKAGE_BUGREPORT], [])
m4_define([STT_HAVE_OVS], [no])
