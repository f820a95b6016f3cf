#!/bin/sh
# Compiles the image's few small programs, and takes the compiler away again within the same layer.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends gcc libc6-dev libxcb1-dev
mkdir -p /usr/lib/asci
for program in first-picture listen-first screenshot keymap-cache; do
  gcc -O2 -s -Wall -Wextra -Werror -o "/usr/lib/asci/$program" "/tmp/build/helper/$program.c" -lxcb -lm
done
apt-get -q purge -y --auto-remove -o APT::AutoRemove::RecommendsImportant=false \
  -o APT::AutoRemove::SuggestsImportant=false gcc libc6-dev libxcb1-dev binutils
apt-get -q clean
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/* /var/cache/debconf/*-old
