#!/bin/sh
# Settings that are made by command, and every cache that a session would otherwise fill at its start.
set -eu
export DEBIAN_FRONTEND=noninteractive

# The modes of files that came from a checkout depend on whoever checked it out.
find /usr/lib/asci /etc/firefox /etc/firefox-esr /etc/dconf /etc/gtk-3.0 /usr/share/mate-panel/layouts \
  /usr/share/glib-2.0/schemas -type d -exec chmod 755 {} + -o -type f -exec chmod 644 {} +
chmod 755 /usr/lib/asci/*

# Languages and keyboard.
printf 'en_AU.UTF-8 UTF-8\nen_US.UTF-8 UTF-8\n' >/etc/locale.gen
locale-gen
echo 'LANG=en_AU.UTF-8' >/etc/default/locale
printf 'XKBMODEL=pc105\nXKBLAYOUT=us\nXKBVARIANT=\nXKBOPTIONS=\nBACKSPACE=guess\n' >/etc/default/keyboard

# Firefox by way of a profile that no other desktop has open.
sed -i 's|^Exec=[^ ]*firefox-esr|Exec=/usr/lib/asci/firefox|' /usr/share/applications/firefox-esr.desktop
ln -sf /usr/lib/asci/firefox /usr/bin/firefox-esr

# The person's name and groups come from files that the container is given.
sed -i -E 's/^(passwd|group|shadow):.*/\1:         files extrausers/' /etc/nsswitch.conf
mkdir -p /var/lib/extrausers /run/asci /home

# X and its session protocol refuse, or wait for seconds, where these do not belong to root.
mkdir -p /tmp/.X11-unix /tmp/.ICE-unix
chmod 1777 /tmp /tmp/.X11-unix /tmp/.ICE-unix

# Nothing starts by itself that has nothing to talk to in a container.
rm -f /etc/xdg/autostart/polkit-mate-authentication-agent-1.desktop \
  /etc/xdg/autostart/at-spi-dbus-bus.desktop \
  /etc/xdg/autostart/xdg-user-dirs.desktop \
  /usr/share/gvfs/remote-volume-monitors/*.monitor \
  /usr/share/dbus-1/services/org.gtk.vfs.*VolumeMonitor.service \
  /usr/share/dbus-1/services/org.freedesktop.systemd1.service

# Menu entries of what cannot work here.
for entry in caja-computer mate-about-me mate-dictionary mate-disk-image-mounter mate-network-properties \
  mate-network-scheme mate-session-properties mate-system-log mate-theme-installer mate-time-admin \
  org.gnome.Zenity python3.13; do
  file=/usr/share/applications/$entry.desktop
  [ ! -e "$file" ] || grep -q '^NoDisplay=true' "$file" || sed -i '/^\[Desktop Entry\]/a NoDisplay=true' "$file"
done

# The panel's layout as the system's defaults, so that the first start writes nothing.
layout=/usr/share/mate-panel/layouts/asci.layout
{
  printf '[org/mate/panel/general]\n'
  printf "toplevel-id-list=['bottom']\n"
  printf "object-id-list=[%s]\n" "$(sed -n "s/^\[Object \(.*\)\]/'\1'/p" $layout | paste -sd,)"
  sed -e 's|^\[Toplevel \(.*\)\]|[org/mate/panel/toplevels/\1]|' \
    -e 's|^\[Object \(.*\)\]|[org/mate/panel/objects/\1]|' \
    -e "s/^\(orientation\|object-type\|toplevel-id\|applet-iid\|launcher-location\|relative-to-edge\)=\(.*\)/\1='\2'/" $layout
} >/etc/dconf/db/asci.d/panel
dconf update

# Three folders in a new home, and nothing else.
printf 'DESKTOP=Desktop\nDOWNLOAD=Downloads\nDOCUMENTS=Documents\n' >/etc/xdg/user-dirs.defaults

cat >>/etc/bash.bashrc <<'END'

# A prompt and a listing in colour, and completion, for whoever has no settings of their own.
if [ -n "${PS1-}" ]; then
  PS1='\[\e[36m\]\u@\h\[\e[0m\]:\[\e[34m\]\w\[\e[0m\]\$ '
  alias ls='ls --color=auto' ll='ls -l' grep='grep --color=auto'
  [ ! -r /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion
fi
END

for variant in '' -dark; do
  mkdir -p "/usr/share/themes/ASCI$variant/gtk-3.0"
  python3 /tmp/build/retint.py "gtk-contained$variant.css" /tmp/build/theme/extra.css \
    >"/usr/share/themes/ASCI$variant/gtk-3.0/gtk.css"
  cp -r "/usr/share/themes/Yaru$variant/metacity-1" "/usr/share/themes/ASCI$variant/"
done
sed -i -e 's|<name>Yaru</name>|<name>ASCI</name>|' -e 's|"C_titlebar" value="[^"]*"|"C_titlebar" value="#e3e8ea"|' \
  -e 's|"C_titlebar_unfocused" value="[^"]*"|"C_titlebar_unfocused" value="#f1f3f4"|' \
  /usr/share/themes/ASCI/metacity-1/metacity-theme-1.xml
# Windows with square corners: of one with a shape, Xvnc 1.15 forgets rows when it is moved, and they stay on every
# viewer's screen. The frame's lines then go round the corner.
sed -i --follow-symlinks -e 's/rounded_\(top\|bottom\)_\(left\|right\)="true"/rounded_\1_\2="false"/g' \
  -e '/<!-- \(left\|right\) arch -->/,+4d' \
  -e '/"C_titlebar_highlight_[a-z]*" x1="\(2\|3\|width-3\|width-5\)"/d' \
  -e 's|x1="2" y1="0" x2="width-3" y2="0"|x1="0" y1="0" x2="width-1" y2="0"|' \
  -e 's|x1="5" y1="1" x2="width-6" y2="1"|x1="1" y1="1" x2="width-2" y2="1"|' \
  -e 's#x1="\(0\|width-1\)" y1="2" x2#x1="\1" y1="1" x2#' \
  /usr/share/themes/ASCI*/metacity-1/metacity-theme-1.xml
# What this icon theme lacks is looked for in one that is there.
sed -i 's/^Inherits=.*/Inherits=mate,Adwaita,hicolor/' /usr/share/icons/Yaru/index.theme

mkdir -p /usr/share/backgrounds/asci
/usr/lib/asci/first-picture --svg >/usr/share/backgrounds/asci/rings.svg

glib-compile-schemas /usr/share/glib-2.0/schemas
update-mime-database /usr/share/mime >/dev/null
update-desktop-database /usr/share/applications
for theme in /usr/share/icons/*/index.theme; do
  gtk-update-icon-cache -q -f "${theme%/*}" || true
done
fc-cache -s -f

sh /tmp/build/prime.sh

rm -rf /var/cache/debconf/*-old /var/log/* /root/.cache /root/.config
