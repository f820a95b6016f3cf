/** Texts for those who wait for a place, or are asked to give one up. Part of the app's catalogue. */
export const waitingEn = {
  "queue.draining": { one: "{count} being emptied", other: "{count} being emptied" },
  "queue.labels": {
    one: "{count} that a rule does not admit",
    other: "{count} that a rule does not admit",
  },
  "queue.dedicated": { one: "{count} kept for a beamtime", other: "{count} kept for a beamtime" },
  "queue.gpus": {
    one: "{count} without enough free GPUs",
    other: "{count} without enough free GPUs",
  },
  "queue.reserved": {
    one: "{count} with the rest reserved",
    other: "{count} with the rest reserved",
  },
  "queue.gathered": {
    one: "{count} with the rest kept for somebody who has waited longer",
    other: "{count} with the rest kept for somebody who has waited longer",
  },
  "queue.about.limit": "about {time}, when a limit ends",
  "queue.about.usual": "about {time}, when a place usually becomes free",
  "queue.about": "about {time}",
  "queue.anyMoment": "a place is expected any moment",
  "queue.noEstimate": "when a place becomes free is not known yet",
  "reason.no_node_matches": "No node has what the rules ask for.",
  "reason.node_dedicated": "The nodes that could take it are kept for a beamtime.",
  "reason.reserved": "What is free is reserved.",
  "reason.room_gathered": "What is free is kept for somebody who has waited longer.",
  "reason.limit_reached": "As many run at once as a rule allows.",
  "reason.forbidden_for_now": "Rules that count for a time do not allow it now.",

  "room.ask": "Is there room?",
  "room.now": "There is room: it would start at once.",
  "room.later": "Next free about {time}.",
  "room.later.limit": "Next free about {time}, when a limit ends.",
  "room.later.usual": "Next free about {time}, when a place usually becomes free.",
  "room.later.reservation": "Next free {time}: from then on room is kept for you.",
  "room.unknown": "There is no room now, and when there will be is not known.",
  "room.never": "It could not start at all.",

  "card.cancel": "Cancel",
  "card.tellMe": "Tell me when it starts",
  "card.telling": "You will be told",
  "card.tellBlocked": "The browser does not let this page notify you.",
  "card.tellBlockedNext":
    "You can allow it in the browser’s settings for this site. While this page is open, it tells you in any case.",
  "card.extend": "Extend",
  "card.extendWhat": "Extend {name}",
  "extend.done": "{name} ends {when} now.",

  "news.placed": "{name} has a place on {node} and starts.",
  "news.running": "{name} runs.",
  "news.failed": "{name} could not start.",

  "notice.draining": "The node {node} is being emptied.",
  "notice.drainingWhy": "Because: {reason}",
  "notice.beamtime": "A beamtime needs the node {node}.",
  "notice.beamtimeUntil": "A beamtime needs the node {node}, until {time}.",
  "notice.move": "Please restart elsewhere when it suits you. Nothing is stopped without you.",
  "notice.ends": "It ends {when}.",
  "notice.endsText":
    "What is open then and not saved is lost. Extend it if you need it for longer.",
  "notice.restart": "Restart elsewhere",
  "notice.later": "Ask me in an hour",
  "notice.close": "Not now",
  "notice.show": "Asked to move",
  "notice.about": "What is asked of {name}",
} as const;
