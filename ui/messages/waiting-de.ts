/** Deutsch zu `waiting-en.ts`. */
export const waitingDe = {
  "queue.draining": { one: "{count} wird geleert", other: "{count} werden geleert" },
  "queue.labels": {
    one: "{count}, den eine Regel nicht zulässt",
    other: "{count}, die eine Regel nicht zulässt",
  },
  "queue.dedicated": {
    one: "{count} für eine Strahlzeit vergeben",
    other: "{count} für eine Strahlzeit vergeben",
  },
  "queue.gpus": {
    one: "{count} ohne genug freie GPUs",
    other: "{count} ohne genug freie GPUs",
  },
  "queue.reserved": {
    one: "{count}, dessen Rest reserviert ist",
    other: "{count}, deren Rest reserviert ist",
  },
  "queue.gathered": {
    one: "{count}, dessen Rest für jemanden bleibt, der länger wartet",
    other: "{count}, deren Rest für jemanden bleibt, der länger wartet",
  },
  "queue.keptFor": "Auf {node} wird Platz für ihn gesammelt.",
  "queue.about.limit": "etwa {time}, wenn eine Frist endet",
  "queue.about.usual": "etwa {time}, wenn gewöhnlich ein Platz frei wird",
  "queue.about": "etwa {time}",
  "queue.anyMoment": "jeden Moment wird ein Platz erwartet",
  "queue.noEstimate": "wann ein Platz frei wird, ist noch nicht bekannt",
  "reason.no_node_matches": "Kein Knoten hat, was die Regeln verlangen.",
  "reason.node_dedicated": "Die passenden Knoten sind für eine Strahlzeit vergeben.",
  "reason.reserved": "Was frei ist, ist reserviert.",
  "reason.room_gathered": "Was frei ist, bleibt für jemanden, der länger wartet.",
  "reason.limit_reached": "Es laufen so viele zugleich, wie eine Regel erlaubt.",
  "reason.forbidden_for_now": "Regeln, die für eine Zeit gelten, erlauben es jetzt nicht.",

  "room.ask": "Ist Platz?",
  "room.now": "Es ist Platz: Er würde sofort starten.",
  "room.later": "Wieder frei etwa {time}.",
  "room.later.limit": "Wieder frei etwa {time}, wenn eine Frist endet.",
  "room.later.usual": "Wieder frei etwa {time}, wenn gewöhnlich ein Platz frei wird.",
  "room.later.reservation": "Wieder frei {time}: Von da an ist Platz für Sie reserviert.",
  "room.unknown": "Jetzt ist kein Platz, und wann wieder, ist nicht bekannt.",
  "room.never": "Er könnte überhaupt nicht starten.",

  "card.cancel": "Abbrechen",
  "card.tellMe": "Sagen, wenn er startet",
  "card.telling": "Sie werden benachrichtigt",
  "card.tellBlocked": "Der Browser lässt keine Benachrichtigungen dieser Seite zu.",
  "card.tellBlockedNext":
    "Sie können sie in den Einstellungen des Browsers für diese Seite erlauben. Solange diese Seite offen ist, sagt sie es auf jeden Fall.",
  "card.extend": "Verlängern",
  "card.extendWhat": "{name} verlängern",
  "extend.done": "{name} endet jetzt {when}.",

  "news.placed": "{name} hat einen Platz auf {node} und startet.",
  "news.running": "{name} läuft.",
  "news.failed": "{name} konnte nicht starten.",

  "notice.draining": "Der Knoten {node} wird geleert.",
  "notice.drainingWhy": "Grund: {reason}",
  "notice.beamtime": "Eine Strahlzeit braucht den Knoten {node}.",
  "notice.beamtimeUntil": "Eine Strahlzeit braucht den Knoten {node}, bis {time}.",
  "notice.move":
    "Bitte starten Sie anderswo neu, wenn es Ihnen passt. Ohne Sie wird nichts beendet.",
  "notice.ends": "Er endet {when}.",
  "notice.endsText":
    "Was dann offen und nicht gespeichert ist, geht verloren. Verlängern Sie, wenn Sie ihn länger brauchen.",
  "notice.restart": "Anderswo neu starten",
  "notice.later": "In einer Stunde fragen",
  "notice.close": "Jetzt nicht",
  "notice.show": "Bitte umziehen",
  "notice.about": "Worum {name} gebeten wird",
} as const;
