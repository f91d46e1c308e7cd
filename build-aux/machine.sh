# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What quickstart needs of the machine.  Who sources this has a function fail().

# Succeeds if this is root on a machine on which namespaces and tap devices can be
# made; otherwise says what is missing, and ends the program.
check_machine()
{
    local id=unknown version=

    [ "$(id -u)" = 0 ] || fail "needs root: run 'sudo ./quickstart $command'"
    if [ -r /etc/os-release ]; then
        # shellcheck source=/dev/null
        id=$(. /etc/os-release && echo "$ID")
        # shellcheck source=/dev/null
        version=$(. /etc/os-release && echo "${VERSION_ID-}")
    fi
    case $id-$version in
    debian-12 | debian-13) ;;
    *)
        command -v apt-get >/dev/null \
            || fail "needs Debian 12 or 13 (there is no apt here)"
        echo "quickstart: warning: made for Debian 12 and 13, this is" \
             "$id $version" >&2 ;;
    esac
    mountpoint -q /proc || fail "needs /proc: mount -t proc proc /proc"
    unshare --net true 2>/dev/null \
        || fail "needs network namespaces, and may not make any here"
    check_tun
}

# Open vSwitch's userspace datapath needs tap devices.
check_tun()
{
    if [ ! -e /dev/net/tun ]; then
        mkdir -p /dev/net
        mknod -m 0666 /dev/net/tun c 10 200 \
            || fail "needs /dev/net/tun, and may not make it here"
        echo "quickstart: made /dev/net/tun, which was missing"
    fi
    (exec 3<>/dev/net/tun) 2>/dev/null \
        || fail "needs tap devices, and cannot open /dev/net/tun"
}

# In a chroot '/' is usually no mount point, and then 'ip netns' does not work.
# Goes on, with the program and arguments given, in a mount namespace where it is
# one.
#
# There the root folder is mounted over /proc, because this is a mount point
# for sure and so can be made private: over any other folder the mount could
# spread to outside the chroot, and stay there.
enter_mount_point()
{
    mountpoint -q / && return
    # shellcheck disable=SC2016 # for the inner shell
    exec unshare --mount --propagation unchanged sh -c '
        mount --make-rprivate /proc && mount --rbind / /proc \
            && mount --make-rprivate /proc && exec chroot /proc "$@"
        ' sh "$@"
}
