#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# inside.sh STEP [ARGUMENT...]
#
# The steps of 'check' that run in a system of their own (see in-system).  What
# the packages are is in the folder /shared.  A step fails with the first command
# that does, and says why in its last line.

set -Eeuo pipefail
trap 'echo "${FUNCNAME[0]-}: $BASH_COMMAND"' ERR

switch=/usr/lib/openvswitch-switch-stt/ovs-vswitchd

fail()
{
    trap - ERR
    echo "$*"
    exit 1
}

# Fails unless the values $2 and $3 of what $1 says are equal.
equal()
{
    [ "$2" = "$3" ] || fail "$1: is '$2', should be '$3'"
}

# Fails if the command given succeeds.
must_fail()
{
    ! "$@" || fail "succeeded, and should not: $*"
}

# The kernel that is installed, and the version of package $1.
kernel()
{
    basename /boot/vmlinuz-* | sed s/^vmlinuz-//
}

version()
{
    dpkg-query -W -f '${Version}' "$1"
}

installed()
{
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]
}

# Prints README's commands for the datapath $1, without sudo, which is not there.
readme()
{
    sed -n "/^<!-- BEGIN $1 datapath -->\$/,/^<!-- END/s/^    //p" \
        /shared/source/README.md | sed 's/sudo //g'
}

# Makes the packages' source, the archive $1, and a version after it.
step_build()
{
    local version

    apt-get -q update
    mkdir -p /build/ovs-stt
    tar -x -f "/shared/$1" -C /build/ovs-stt --strip-components=1
    cd /build/ovs-stt
    apt-get -q -y --no-install-recommends install build-essential
    apt-get -q -y --no-install-recommends build-dep .
    dpkg-buildpackage -us -uc
    mkdir -p /shared/packages /shared/next-packages
    mv ../*.deb ../*.changes ../*.dsc ../*.buildinfo ../*.tar.* /shared/packages

    # The same once more as a later version: what was compiled stays.
    version=$(dpkg-parsechangelog -S Version)
    cp debian/changelog /build/changelog
    { printf 'ovs-stt (%s+next) UNRELEASED; urgency=medium\n\n' "$version"
      printf '  * The next version.\n\n'
      grep -m 1 '^ -- ' /build/changelog
      echo
      cat /build/changelog
    } >debian/changelog
    rm debian/files
    DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-} nocheck" \
        dpkg-buildpackage -us -uc -b -nc
    mv ../*.deb /shared/next-packages
    for folder in packages next-packages; do
        (cd /shared/$folder && dpkg-scanpackages . >Packages)
    done
}

# Even what is only informative or pedantic counts, but not that each release of
# Debian has another version of its policy, nor machine code that looks like text.
# Nor that the newest Debian needs less, as the same source is for older ones, too,
# whose lintian does not know these tags.
step_lintian()
{
    local ignored=newer-standards-version,out-of-date-standards-version
    local newer='package-uses-old-debhelper-compat-version'

    newer+='|redundant-priority-optional-field|redundant-rules-requires-root-no-field'
    ignored+=,spelling-error-in-binary
    apt-get -q -y --no-install-recommends install lintian
    cd /shared/packages
    lintian --version
    lintian --allow-root --pedantic --display-info --show-overrides \
        --fail-on none --suppress-tags "$ignored" ./*.changes | tee /tmp/log
    must_fail grep -vE "^[NO]: |^P: .*: ($newer)( |$)" /tmp/log
}

# The rpm packages from the archive $1, as far as Debian's rpm and kernel can make
# them: no package of RHEL's is there, so what is needed is not asked for.
step_rpm()
{
    local spec kernel

    apt-get -q -y --no-install-recommends install elfutils rpm rpmlint \
        linux-headers-amd64 linux-image-amd64
    kernel=$(kernel)
    rm -rf /build/rpm
    mkdir -p /build/rpm/SOURCES
    cd /build/rpm
    tar -x -f "/shared/$1" -C SOURCES
    # rpmlint has no option for this.
    printf '%%kversion %s\n%%kdir /lib/modules/%s/build\n' "$kernel" "$kernel" \
        >~/.rpmmacros
    cp "/shared/$1" "SOURCES/$(basename SOURCES/*).tar.gz"
    for spec in SOURCES/*/rhel/*.spec; do
        rpmspec -P "$spec" >/dev/null
        rpmlint "$spec"
        rpmbuild -bb --nodeps --define "_topdir $PWD" "$spec"
    done
    rpmlint RPMS/*/*.rpm || true
    for spec in RPMS/*/*.rpm; do
        rpm -qpl "$spec"
    done >files
    for spec in "/lib/modules/$kernel/extra/ovs-stt/vport-stt.ko" \
        /etc/depmod.d/kmod-ovs-stt.conf /usr/bin/stt-dump \
        /usr/src/ovs-stt-.*/dkms.conf; do
        grep -x "$spec" files || fail "no package has $spec"
    done
}

# A system of somebody who uses Open vSwitch, and who has nothing to build with.  The
# initramfs is of no use here, so it is made by the quickest program that makes one.
step_stock()
{
    apt-get -q update
    apt-get -q -y --no-install-recommends install tiny-initramfs
    apt-get -q -y --no-install-recommends install openvswitch-switch \
        linux-image-amd64 iputils-ping procps
    must_fail test -e "/lib/modules/$(kernel)/build"
}

# README's command installs the modules, and one command of apt the packages given
# from a repository.
step_install()
{
    cd /shared/packages
    readme kernel | grep "^apt install " >/tmp/commands
    cat /tmp/commands
    sh -eux /tmp/commands
    installed ovs-stt-dkms || fail "ovs-stt-dkms is not installed"

    echo "deb [trusted=yes] file:/shared/packages ./" \
        >/etc/apt/sources.list.d/ovs-stt.list
    apt-get -q update
    apt-get -q -y install "$@"
    for package in "$@"; do
        installed "$package" || fail "$package is not installed"
    done
    ovs-stt-learn --version
    ovs-stt-lab --version
    stt-dump --version
    equal "the version of ovs-stt-lab" "$(ovs-stt-lab --version)" \
        "ovs-stt-lab (ovs-stt) $(version ovs-stt-utils)"
}

# The modules have been built, and depmod knows them.
step_modules()
{
    local module kernel version

    kernel=$(kernel)
    version=$(version ovs-stt-dkms)
    equal "dkms status" "$(dkms status)" \
        "ovs-stt/$version, $kernel, x86_64: installed"
    for module in stt vport-stt; do
        equal "the version of $module" \
            "$(modinfo -k "$kernel" -F version "$module")" "$version"
    done
    modprobe -S "$kernel" --show-depends vport-type-106 | grep /updates/dkms/
    must_fail grep -q 'openvswitch-abi: warning' \
        /var/lib/dkms/ovs-stt/"$version/$kernel"/x86_64/log/make.log
}

# What Debian tests of packages for DKMS: among others, whether they need more than
# they depend on.
step_autopkgtest()
{
    AUTOPKGTEST_ARTIFACTS=/shared /usr/lib/dkms/dkms-autopkgtest ovs-stt-dkms | tee /tmp/log
    grep "PASS .*$(kernel)" /tmp/log
    step_modules
}

# A kernel that is not supported is named, and is no reason for apt to fail,
# neither when the package is installed nor when such a kernel is.
step_unsupported()
{
    local kernel=9.9.9-test

    mkdir /lib/modules/$kernel
    ln -s "$(readlink -f /lib/modules/"$(kernel)"/build)" \
        /lib/modules/$kernel/build
    apt-get -q -y --reinstall install ovs-stt-dkms >/tmp/log 2>&1 \
        || { cat /tmp/log; fail "apt failed"; }
    cat /tmp/log
    grep "$kernel.*dkms.conf" /tmp/log
    grep BUILD_EXCLUSIVE /tmp/log
    must_fail test -e /lib/modules/$kernel/updates
    run-parts --arg=$kernel --arg=/boot/vmlinuz-$kernel --regex='^dkms$' \
        /etc/kernel/postinst.d >/tmp/log 2>&1 \
        || { cat /tmp/log; fail "the kernel's package would fail"; }
    cat /tmp/log
    grep "$kernel.* not supported" /tmp/log
    rm -r /lib/modules/$kernel
    step_modules
}

# A kernel that is installed later gets its modules with it.
step_kernel_upgrade()
{
    local kernel

    kernel=$(kernel)
    dkms uninstall "ovs-stt/$(version ovs-stt-dkms)" -k "$kernel"
    dkms unbuild "ovs-stt/$(version ovs-stt-dkms)" -k "$kernel"
    must_fail modinfo -k "$kernel" stt
    apt-get -q -y --reinstall install "linux-image-$kernel"
    step_modules
}

# Another Open vSwitch, of version $2, than that of the series $1 which the package was
# made for.
step_mismatch()
{
    mkdir -p /tmp/other/DEBIAN
    printf '%s: %s\n' Package openvswitch-switch Version "$2" \
        Architecture amd64 Maintainer 'nobody <nobody@localhost>' \
        Description 'another Open vSwitch' >/tmp/other/DEBIAN/control
    dpkg-deb -b /tmp/other /tmp/openvswitch-switch.deb
    apt-get -s install /tmp/openvswitch-switch.deb openvswitch-switch-stt \
        >/tmp/log 2>&1 && fail "apt would install it"
    cat /tmp/log
    grep "openvswitch-switch-stt.* Depends: openvswitch-switch (.*$1.*$2" \
        /tmp/log
}

# The distribution's ovs-vswitchd is the one that runs until one says so, and
# then there are tunnels.
step_tunnel()
{
    equal "ovs-vswitchd" "$(readlink -f /usr/sbin/ovs-vswitchd)" \
        /usr/lib/openvswitch-switch/ovs-vswitchd
    equal "Open vSwitch's version" "$($switch --version | head -n 1)" \
        "$(ovs-vswitchd --version | head -n 1)"
    cd /shared/source
    sh debian/tests/tunnel
}

# The installed tools make a lab with STT, without having to choose.
step_lab()
{
    ovs-stt-lab up --tunnel stt
    ovs-stt-lab exec g1 ping -c 3 192.0.2.2
    ovs-stt-lab exec h1 ovs-appctl stt/show
    ovs-stt-lab down
}

# An upgrade interrupts nothing, and keeps the choice.  $1 says whether there is
# openvswitch-switch-stt.
step_upgrade()
{
    local pid old new

    old=$(version ovs-stt-dkms)
    if [ "$1" = yes ]; then
        update-alternatives --set ovs-vswitchd $switch
        ovs-stt-lab up --tunnel stt
        pid=$(ovs-stt-lab exec h1 cat /run/ovs-stt-lab/lab/h1/ovs-vswitchd.pid)
    fi
    sed -i s/packages/next-packages/ /etc/apt/sources.list.d/ovs-stt.list
    apt-get -q update
    apt-get -q -y upgrade
    new=$(version ovs-stt-dkms)
    equal "the new version" "$new" "$old+next"
    must_fail test -e "/usr/src/ovs-stt-$old"
    step_modules
    if [ "$1" = yes ]; then
        equal "the chosen ovs-vswitchd" \
            "$(readlink -f /usr/sbin/ovs-vswitchd)" $switch
        ovs-stt-lab exec g1 ping -c 3 192.0.2.2
        kill -0 "$pid"
        ovs-stt-lab down
    fi
}

# The packages given go; Open vSwitch's own program is back, the modules are gone.
step_remove()
{
    apt-get -q -y remove "$@"
    equal "ovs-vswitchd" "$(readlink -f /usr/sbin/ovs-vswitchd)" \
        /usr/lib/openvswitch-switch/ovs-vswitchd
    ovs-vswitchd --version
    must_fail modinfo -k "$(kernel)" stt
    must_fail modinfo -k "$(kernel)" vport-stt
    equal "dkms status" "$(dkms status)" ''
}

# Nothing is left behind: no file with such a name, and no word about the packages but
# where apt, dpkg and logs keep their history.
step_purge()
{
    apt-get -q -y purge "$@"
    rm /etc/apt/sources.list.d/ovs-stt.list
    equal "files that are left" "$(find / -xdev \
        \( -path /shared -o -path /var/cache -o -path /proc \) -prune -o \
        \( -name '*ovs-stt*' -o -name '*switch-stt*' -o -name 'stt.ko*' \
           -o -name '*vport-stt*' -o -name 'stt-dump*' -o -name 'ovs_stt*' \) \
        -print)" ""
    equal "files that speak of it" "$(grep -rlIsE --exclude-dir=apt \
        --exclude-dir='*-old' '(ovs|switch)-stt' /etc /usr/lib /usr/share \
        /var/lib/dkms /var/lib/dpkg/alternatives /var/lib/systemd \
        || true)" ""
}

step=$1
shift
"step_$step" "$@"
