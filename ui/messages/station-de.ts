import type { CatalogueOf } from "./part.ts";
import type { stationEn } from "./station-en.ts";

export const stationDe: CatalogueOf<typeof stationEn> = {
  "enrol.title": "Diesen Rechner zur Station machen",
  "enrol.intro":
    "Für einen Rechner an einer Beamline, den dort alle gemeinsam nutzen. Wer hier angemeldet ist, wird abgemeldet.",
  "enrol.code": "Code",
  "enrol.hint":
    "Die Betreuung der Beamline bekommt ihn in ASCI unter Stationen. Er gilt 10 Minuten.",
  "enrol.needCode": "Geben Sie den Code ein.",
  "enrol.submit": "Zur Station machen",
  "enrol.busy": "Einen Moment …",
  "enrol.wrong": "Dieser Code gilt nicht.",
  "enrol.wrongNext":
    "Er ist falsch, wurde benutzt, oder seine 10 Minuten sind um. Lassen Sie sich einen neuen geben.",
  "station.title": "Station",
  "station.ends": "endet",
  "station.desktops": "An dieser Station offen",
  "station.shared":
    "Diese laufen als die Station, mit den Daten des Experiments. Alle hier können sie benutzen. Speichern Sie im Datenverzeichnis: Die Station hat kein Home-Verzeichnis, das bleibt.",
  "station.own": "Mit Ihrem eigenen Home-Verzeichnis",
  "station.ownText":
    "Ein eigener Desktop mit Ihren Dateien und Einstellungen. Er lässt sich an dieser Station benutzen und überall, wo Sie sich anmelden.",
  "station.ownOpen": "Mein eigenes Home benutzen",
  "station.ownOnce":
    "Sie werden hier nicht angemeldet. Solange das Experiment läuft, kann jeder an dieser Station den Desktop benutzen: Beenden Sie ihn, wenn Sie gehen.",
  "station.ownPassword": "Ein Passwort von ASCI selbst. Es gilt für diesen einen Start.",
  "station.ownStart": "Mit meinem Home starten",
  "station.environment": "Was gestartet wird",
  "station.notYours": "Sie nehmen an Experiment {code} nicht teil.",
  "station.notYoursNext": "Bitten Sie die Betreuung der Beamline, Sie einzutragen.",
  "station.endsSoon": "Experiment {code} endet {when}.",
  "station.endsSoon.end": "Alle Desktops, die an dieser Station offen sind, enden dann.",
  "station.endsSoon.owner":
    "Die Desktops der Station enden dann. Solche mit eigenem Home verlassen die Station und bleiben den Ihren.",
  "station.endsSoonSave":
    "Speichern Sie jetzt im Datenverzeichnis des Experiments, was bleiben soll.",
  "station.nothing": "Hier läuft gerade kein Experiment.",
  "station.next": "Experiment {code} beginnt {when} ({time}). Diese Seite zeigt es von selbst.",
  "station.noEnvironments":
    "Diesem Experiment steht noch nichts offen. Die Betreuung der Beamline kann das ändern.",
  "station.noNext": "Es ist keines geplant. Diese Seite zeigt das nächste von selbst.",
  "station.phone": "Mit meinem Telefon",
  "station.phoneHint": "Für alle, die sich auf ihrem Telefon anmelden, gleich auf welchem Weg.",
  "station.phoneScan":
    "Scannen Sie dies mit Ihrem Telefon, melden Sie sich dort wie immer an und bestätigen Sie.",
  "station.phoneType": "Oder öffnen Sie dort diese Adresse und geben Sie den Code ein:",
  "station.phonePicture": "QR-Code der Adresse mit dem Code darin",
  "station.phoneWaits": "Wartet auf Ihr Telefon. Der Code gilt einmal, bis {time}.",
  "station.phoneDeclined": "Auf dem Telefon abgelehnt.",
  "station.phoneOver": "Die Zeit des Codes ist um.",
  "station.phoneNothing": "Es wurde nichts gestartet. Sie können einen neuen Code verlangen.",
  "station.phoneNew": "Neuer Code",
  "station.phoneBack": "Zurück",
  "add.title": "An einer Station starten",
  "add.intro": "Die Station zeigt einen Code, wenn Sie dort „Mit meinem Telefon“ wählen.",
  "add.code": "Code",
  "add.needCode": "Geben Sie den Code ein.",
  "add.submit": "Weiter",
  "add.busy": "Einen Moment …",
  "add.wrong": "Dieser Code gilt nicht.",
  "add.wrongNext":
    "Er ist falsch, wurde benutzt, oder seine 5 Minuten sind um. Verlangen Sie an der Station einen neuen.",
  "add.question": "Ihren Desktop an {station} starten?",
  "add.who": "Angemeldet als {name}",
  "add.environment": "Umgebung",
  "add.version": "Version {version}",
  "add.station": "Station",
  "add.beamline": "Beamline",
  "add.shared": "Alle an der Station können ihn benutzen.",
  "add.sharedText":
    "Er öffnet dort Ihr eigenes Home-Verzeichnis. Bis Sie ihn beenden oder das Experiment {when} endet, kann jeder an der Station den Desktop benutzen und Ihre Dateien sehen.",
  "add.sharedOnly": "Bestätigen Sie nur, wenn Sie dort stehen und ihn gerade verlangt haben.",
  "add.confirm": "Dort starten",
  "add.decline": "Ablehnen",
  "add.confirmed": "Ihr Desktop startet an {station}.",
  "add.confirmedNext": "Er steht auch hier bei Ihren Desktops. Beenden Sie ihn, wenn Sie gehen.",
  "add.declined": "Abgelehnt.",
  "add.declinedNext": "Es wurde nichts gestartet, und die Station sagt das.",
  "add.notOpen": "Das steht Ihnen nicht offen.",
  "add.notOpenNext":
    "Fragen Sie die Betreuung von {beamline}, oder wählen Sie an der Station etwas anderes.",
  "add.toDesktops": "Zu meinen Desktops",
  "add.another": "Anderen Code eingeben",
};
