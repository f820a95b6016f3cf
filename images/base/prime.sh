#!/bin/sh
# Starts the display once, and writes down what every later start would find out again: the compiled keyboard, and the
# visuals that GTK chooses.
set -eu
export DISPLAY=:9 HOME=/tmp/prime
mkdir -p "$HOME"
keymap=/usr/lib/asci/keymap

mv /usr/bin/xkbcomp /usr/bin/xkbcomp.real
cat >/usr/bin/xkbcomp <<END
#!/bin/sh
cat >$keymap.xkb
/usr/bin/xkbcomp.real "\$@" <$keymap.xkb
for output; do :; done
cp "\$output" $keymap.xkm
END
chmod 755 /usr/bin/xkbcomp

printf 1234567812345678 >"$HOME/passwd"
mkfifo "$HOME/ready"
Xvnc "$DISPLAY" -displayfd 3 -rfbport -1 -rfbunixpath "$HOME/vnc.sock" -SecurityTypes VncAuth \
  -PasswordFile "$HOME/passwd" -geometry 1280x800 -depth 24 -nolisten tcp -nolisten local -noreset \
  3>"$HOME/ready" &
display=$!
read -r _ <"$HOME/ready"
# Any program of GTK will do: it makes its choice before it does anything else.
GSETTINGS_BACKEND=memory NO_AT_BRIDGE=1 eom 2>/dev/null &
viewer=$!
for _ in $(seq 100); do
  sleep 0.1
  xprop -root -notype GDK_VISUALS | sed -n 's/^GDK_VISUALS = //p' >/usr/lib/asci/gdk-visuals
  [ ! -s /usr/lib/asci/gdk-visuals ] || break
done
kill "$viewer"
wait "$viewer" || true
kill "$display"
wait "$display" || true

grep -q '^[0-9]*, [0-9]*$' /usr/lib/asci/gdk-visuals
test -s $keymap.xkb -a -s $keymap.xkm
rm -f /usr/bin/xkbcomp
ln -s ../lib/asci/keymap-cache /usr/bin/xkbcomp
rm -rf "$HOME"
