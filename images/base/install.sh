#!/bin/sh
# Installs the packages of packages.txt, and takes away what they bring along and a desktop never uses.
set -eu
mirror=$1
security=$2

cat > /usr/sbin/policy-rc.d <<'END'
#!/bin/sh
exit 101
END
chmod 755 /usr/sbin/policy-rc.d

# The host's mirror serves the build only; the finished image names Debian's own.
rm -f /etc/apt/sources.list.d/* /etc/apt/sources.list
cat > /etc/apt/sources.list <<END
deb $mirror trixie main
deb $mirror trixie-updates main
deb $security trixie-security main
END

export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q upgrade -y --no-install-recommends
# shellcheck disable=SC2046
apt-get -q install -y --no-install-recommends $(sed 's/#.*//' /tmp/build/packages.txt)
apt-get -q clean

# Variants of themes that differ in one colour only.
cd /usr/share/themes
ls -d Yaru-* | grep -vx Yaru-dark | xargs rm -rf Atlanta ClearlooksRe Dopple* DustBlue Emacs Esco Gorilla Motif \
  Raleigh Spidey* Splint* WinMe eOS
cd /usr/share/icons && ls -d Yaru-* | grep -v '^Yaru-prussiangreen' | xargs rm -rf menta

cat > /etc/apt/sources.list <<'END'
deb http://deb.debian.org/debian trixie main
deb http://deb.debian.org/debian trixie-updates main
deb http://deb.debian.org/debian-security trixie-security main
END
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/* /var/cache/debconf/*-old
