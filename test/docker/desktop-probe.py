"""Prints as JSON where the pointer is, how large the screen is, and who holds which selection."""

import ctypes
import json
import time

X = ctypes.CDLL("libX11.so.6")
ID = ctypes.c_ulong
POINTER = ctypes.c_void_p
SELECTION_NOTIFY = 31

for name, result, arguments in [
    ("XOpenDisplay", POINTER, [ctypes.c_char_p]),
    ("XDefaultRootWindow", ID, [POINTER]),
    ("XInternAtom", ID, [POINTER, ctypes.c_char_p, ctypes.c_int]),
    ("XGetSelectionOwner", ID, [POINTER, ID]),
    ("XCreateSimpleWindow", ID, [POINTER, ID] + [ctypes.c_int] * 5 + [ID, ID]),
    ("XConvertSelection", ctypes.c_int, [POINTER, ID, ID, ID, ID, ID]),
    ("XCheckTypedEvent", ctypes.c_int, [POINTER, ctypes.c_int, POINTER]),
    ("XDisplayWidth", ctypes.c_int, [POINTER, ctypes.c_int]),
    ("XDisplayHeight", ctypes.c_int, [POINTER, ctypes.c_int]),
    ("XQueryPointer", ctypes.c_int, [POINTER, ID] + [POINTER] * 7),
    (
        "XGetWindowProperty",
        ctypes.c_int,
        [POINTER, ID, ID, ctypes.c_long, ctypes.c_long, ctypes.c_int, ID] + [POINTER] * 5,
    ),
]:
    function = getattr(X, name)
    function.restype = result
    function.argtypes = arguments

display = X.XOpenDisplay(None)
root = X.XDefaultRootWindow(display)


def atom(name):
    return X.XInternAtom(display, name.encode(), 0)


def pointer():
    ids = [ID(), ID()]
    numbers = [ctypes.c_int() for _ in range(4)]
    mask = ctypes.c_uint()
    places = [ctypes.byref(it) for it in [*ids, *numbers, mask]]
    X.XQueryPointer(display, root, *places)
    return [numbers[0].value, numbers[1].value]


def text(selection):
    window = X.XCreateSimpleWindow(display, root, 0, 0, 1, 1, 0, 0, 0)
    X.XConvertSelection(display, selection, atom("UTF8_STRING"), atom("PROBE"), window, 0)
    event = (ctypes.c_ulong * 24)()
    until = time.monotonic() + 2
    while not X.XCheckTypedEvent(display, SELECTION_NOTIFY, event):
        if time.monotonic() > until:
            return None
        time.sleep(0.005)
    if event[7] == 0:
        return None
    kind, count, after, content = ID(), ID(), ID(), ctypes.c_char_p()
    form = ctypes.c_int()
    places = [ctypes.byref(it) for it in [kind, form, count, after, content]]
    X.XGetWindowProperty(display, window, event[7], 0, 65536, 0, 0, *places)
    return None if content.value is None else content.value.decode()


def selection(name):
    owner = X.XGetSelectionOwner(display, atom(name))
    return {"owner": owner, "text": text(atom(name)) if owner else None}


print(
    json.dumps(
        {
            "pointer": pointer(),
            "geometry": [X.XDisplayWidth(display, 0), X.XDisplayHeight(display, 0)],
            "selections": [selection("PRIMARY"), selection("CLIPBOARD")],
        }
    )
)
