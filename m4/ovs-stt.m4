# SPDX-License-Identifier: Apache-2.0

# STT_SUPPORTED_OVS
# -----------------
# The Open vSwitch releases that the hooks fit and the tests have passed with.
m4_define([STT_SUPPORTED_OVS],
  m4_esyscmd_s([build-aux/patch-ovs --tested-releases]))

# STT_CHECK_OVS
# -------------
# Checks --with-ovs and --without-ovs.  Sets HAVE_OVS to yes or no, and if it is
# yes OVS_SRC to the absolute name of the folder.
AC_DEFUN([STT_CHECK_OVS],
  [AC_ARG_WITH([ovs],
     [AS_HELP_STRING([--with-ovs=DIR],
        [Open vSwitch source tree to build with STT, such as Debian's package
         openvswitch-source has; supported: STT_SUPPORTED_OVS])
AS_HELP_STRING([--without-ovs],
        [build no Open vSwitch, but only the library, stt-dump and the kernel
         modules])],
     [], [with_ovs=missing])
   AC_ARG_ENABLE([untested-ovs],
     [AS_HELP_STRING([--enable-untested-ovs],
        [accept an Open vSwitch version that is not a supported one])])

   AS_CASE([$with_ovs], [yes | missing | ''],
     [AC_MSG_ERROR(m4_normalize([--with-ovs=DIR is missing: it names an Open
        vSwitch source tree, e.g. the one in Debian's package
        openvswitch-source; supported: STT_SUPPORTED_OVS; for the kernel modules
        and stt-dump alone give --without-ovs]))])
   AS_IF([test "$with_ovs" = no],
     [HAVE_OVS=no
      OVS_SRC=],
     [HAVE_OVS=yes
      _STT_CHECK_OVS_TREE])
   AC_SUBST([HAVE_OVS])
   AC_SUBST([OVS_SRC])
   AC_SUBST([CONFIGURE_DEPENDENCIES],
     ['$(top_srcdir)/VERSION $(top_srcdir)/build-aux/patch-ovs'])
   AM_CONDITIONAL([HAVE_OVS], [test $HAVE_OVS = yes])])

# _STT_CHECK_OVS_TREE
# -------------------
# Checks the folder of --with-ovs.
AC_DEFUN([_STT_CHECK_OVS_TREE],
  [OVS_SRC=`cd "$with_ovs" 2>/dev/null && pwd` ||
     AC_MSG_ERROR([--with-ovs=$with_ovs: there is no such folder])

   AC_MSG_CHECKING([Open vSwitch version])
   stt_ovs_version=`"$PYTHON3" "$srcdir/build-aux/patch-ovs" \
                        --ovs-version "$OVS_SRC"` ||
     AC_MSG_ERROR(m4_normalize([--with-ovs=$with_ovs: this is not an Open
       vSwitch source tree; supported: STT_SUPPORTED_OVS]))
   stt_supported=no
   for stt_series in STT_SUPPORTED_OVS; do
     AS_CASE([$stt_ovs_version], [$stt_series | $stt_series.*],
       [stt_supported=yes])
   done
   AS_IF([test $stt_supported = yes],
     [AC_MSG_RESULT([$stt_ovs_version (supported)])],
     [AC_MSG_RESULT([$stt_ovs_version (not supported)])
      AS_IF([test "x$enable_untested_ovs" = xyes],
        [AC_MSG_WARN(m4_normalize([nobody has tried STT with Open vSwitch
           $stt_ovs_version; supported: STT_SUPPORTED_OVS]))],
        [AC_MSG_ERROR(m4_normalize([Open vSwitch $stt_ovs_version is not
           supported (supported: STT_SUPPORTED_OVS); to try it nevertheless,
           give --enable-untested-ovs]))])])])

# STT_CHECK_OVS_NEEDS
# -------------------
# Checks what is needed to build Open vSwitch, if that is built.
AC_DEFUN([STT_CHECK_OVS_NEEDS],
  [AS_IF([test $HAVE_OVS = yes],
     [STT_CHECK_SPATCH
      STT_CHECK_OPENSSL])])

# STT_CHECK_SPATCH
# ----------------
AC_DEFUN([STT_CHECK_SPATCH],
  [AC_ARG_VAR([SPATCH], [spatch, the semantic patch tool (Coccinelle)])
   AC_PATH_PROG([SPATCH], [spatch], [no])
   AS_IF([test "$SPATCH" = no],
     [AC_MSG_ERROR([spatch is missing: install the package coccinelle])])])

# STT_CHECK_PYTHON3
# -----------------
# Sets PYTHON3 to the program that the user named, or else to the interpreter
# that python3 is in the end: what comes first in PATH may be a program that
# finds out anew, each time and with many processes, which one to run.
# tests/bin/python3 runs it, for programs that take the python3 in PATH.
AC_DEFUN([STT_CHECK_PYTHON3],
  [AC_ARG_VAR([PYTHON3], [Python 3 interpreter])
   AC_MSG_CHECKING([for the Python 3 interpreter])
   AS_CASE([$PYTHON3], [*/*], [],
     [PYTHON3=`"${PYTHON3:-python3}" -c \
        'import sys; assert sys.version_info >= (3,); print(sys.executable)' \
        2>&AS_MESSAGE_LOG_FD`])
   AS_IF([test -x "$PYTHON3"], [AC_MSG_RESULT([$PYTHON3])],
     [AC_MSG_RESULT([none])
      AC_MSG_ERROR([Python 3 is missing: install the package python3])])
   AC_CONFIG_FILES([tests/bin/python3:tests/python3.in],
     [chmod +x tests/bin/python3])])

# STT_CHECK_OPENSSL
# -----------------
# Open vSwitch is built with OpenSSL; found out here, its lack is one clear
# line instead of a warning in the middle of Open vSwitch's own configure.
AC_DEFUN([STT_CHECK_OPENSSL],
  [AC_CHECK_HEADER([openssl/ssl.h], [],
     [AC_MSG_ERROR([OpenSSL is missing: install the package libssl-dev])],
     [AC_INCLUDES_DEFAULT])])

# STT_ENABLE_WARNINGS
# -------------------
# Sets WARNING_CFLAGS to the warnings that the compiler knows.
AC_DEFUN([STT_ENABLE_WARNINGS],
  [AC_ARG_ENABLE([Werror],
     [AS_HELP_STRING([--enable-Werror],
        [treat compiler warnings as errors, in Open vSwitch too])])
   WARNING_CFLAGS=
   m4_foreach_w([stt_flag],
     [-Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes
      -Wold-style-definition -Wpointer-arith -Wundef
      -Wdeclaration-after-statement -Wvla],
     [_STT_TRY_CFLAGS([WARNING_CFLAGS], stt_flag)
     ])
   OVS_WERROR=
   AS_IF([test "x$enable_Werror" = xyes],
     [_STT_TRY_CFLAGS([WARNING_CFLAGS], [-Werror])
      OVS_WERROR=--enable-Werror])
   AC_SUBST([WARNING_CFLAGS])
   AC_SUBST([OVS_WERROR])])

# STT_CHECK_SANITIZERS
# --------------------
# Sets SANITIZE_CFLAGS to what builds the unit tests with AddressSanitizer and
# UndefinedBehaviorSanitizer, or to nothing if the compiler lacks them, and
# TSAN_CFLAGS to the same for ThreadSanitizer.
AC_DEFUN([STT_CHECK_SANITIZERS],
  [SANITIZE_CFLAGS=
   _STT_TRY_CFLAGS([SANITIZE_CFLAGS],
     [-fsanitize=address,undefined -fno-sanitize-recover=all])
   AC_SUBST([SANITIZE_CFLAGS])
   TSAN_CFLAGS=
   _STT_TRY_CFLAGS([TSAN_CFLAGS], [-fsanitize=thread])
   AC_SUBST([TSAN_CFLAGS])
   AM_CONDITIONAL([HAVE_TSAN], [test -n "$TSAN_CFLAGS"])])

# STT_CHECK_PCAP
# --------------
# Sets PCAP_LIBS to what links libpcap, for stt-dump and the tests that replay
# captures, or to nothing if it is missing.
AC_DEFUN([STT_CHECK_PCAP],
  [PCAP_LIBS=
   AC_CHECK_HEADER([pcap/pcap.h],
     [AC_CHECK_LIB([pcap], [pcap_next_ex], [PCAP_LIBS=-lpcap])], [],
     [AC_INCLUDES_DEFAULT])
   AS_IF([test -z "$PCAP_LIBS"],
     [AC_MSG_WARN(m4_normalize([no libpcap (package libpcap-dev): stt-dump
        will not be built, and make check will skip its tests and those that
        replay captures]))])
   AC_SUBST([PCAP_LIBS])
   AM_CONDITIONAL([HAVE_PCAP], [test -n "$PCAP_LIBS"])])

# STT_CHECK_FUZZER
# ----------------
# Sets FUZZ_CC to a clang that has libFuzzer, and FUZZ_CFLAGS to the flags that
# use it; FUZZ_CC is empty if there is none.
AC_DEFUN([STT_CHECK_FUZZER],
  [AC_ARG_VAR([FUZZ_CC], [clang with libFuzzer, for the fuzz targets])
   AC_PATH_PROG([FUZZ_CC], [clang])
   AC_SUBST([FUZZ_CFLAGS],
     ["-g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all"])
   AS_IF([test -n "$FUZZ_CC"],
     [AC_MSG_CHECKING([whether $FUZZ_CC has libFuzzer])
      stt_save_CC=$CC stt_save_CFLAGS=$CFLAGS
      CC=$FUZZ_CC CFLAGS=$FUZZ_CFLAGS
      AC_LINK_IFELSE(
        [AC_LANG_SOURCE([[
           #include <stddef.h>
           #include <stdint.h>
           int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
           int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
           {
               return size && data[0] ? 0 : -1;
           }]])],
        [AC_MSG_RESULT([yes])],
        [AC_MSG_RESULT([no])
         FUZZ_CC=])
      CC=$stt_save_CC CFLAGS=$stt_save_CFLAGS])
   AS_IF([test -z "$FUZZ_CC"],
     [AC_MSG_WARN(m4_normalize([no clang with libFuzzer (package
        libclang-rt-VERSION-dev): make check-fuzz will skip the fuzz
        targets]))])
   AM_CONDITIONAL([HAVE_FUZZER], [test -n "$FUZZ_CC"])])

# _STT_TRY_CFLAGS(VARIABLE, FLAGS)
# --------------------------------
# Appends FLAGS to VARIABLE if the compiler can build a program with them.
m4_define([_STT_TRY_CFLAGS],
  [AC_MSG_CHECKING([whether $CC takes $2])
   stt_save_CFLAGS=$CFLAGS
   CFLAGS="$CFLAGS -Werror $2"
   AC_LINK_IFELSE([AC_LANG_SOURCE([[int main(void) { return 0; }]])],
     [AC_MSG_RESULT([yes])
      AS_VAR_APPEND([$1], [" $2"])],
     [AC_MSG_RESULT([no])])
   CFLAGS=$stt_save_CFLAGS])

# STT_FIND_TEST_SHELL
# -------------------
# Sets TEST_SHELL to the shell that runs make check: dash if there is one, as a
# test is above all forks, which cost bash twice as much.
AC_DEFUN([STT_FIND_TEST_SHELL],
  [AC_ARG_VAR([TEST_SHELL], [absolute name of the shell that runs make check])
   AC_PATH_PROG([TEST_SHELL], [dash], [$SHELL])])
