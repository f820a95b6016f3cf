/** Searches for what rules and reservations are about, in the lists of the administration. */
import {
  listAllEnvironments,
  listBeamlines,
  listExperiments,
  listGroups,
} from "../../../api/admin-calls.ts";
import { listUsers } from "../../../api/calls.ts";
import { t } from "../../../messages/rules.ts";
import type { Find } from "./pick-field.tsx";
import { roles } from "./rule-shape.ts";

const limit = 12;

export const finders = {
  environment: async (search, signal) => {
    const { items } = await listAllEnvironments({ search, limit }, signal);
    return items.map((it) => ({ value: it.slug, text: it.slug, note: it.name }));
  },
  beamline: async (search, signal) => {
    const { items } = await listBeamlines({ search, limit }, signal);
    return items.map((it) => ({ value: it.code, text: it.code, note: it.name }));
  },
  experiment: async (search, signal) => {
    const { items } = await listExperiments({ search, limit }, signal);
    return items.map((it) => ({
      value: it.code,
      text: it.code,
      note: [it.beamline.code, it.title].filter(Boolean).join(" · "),
    }));
  },
  group: async (search, signal) => {
    const { items } = await listGroups({ search, limit }, signal);
    return items.map((it) => ({ value: it.name, text: it.name, note: it.description }));
  },
  user: async (search, signal) => {
    const { items } = await listUsers({ search, limit }, signal);
    return items.map((it) => ({ value: it.username, text: it.username, note: it.displayName }));
  },
  role: (search) =>
    Promise.resolve(
      roles
        .filter((it) => it.startsWith(search.toLowerCase()))
        .map((value) => ({ value, text: value, note: t(`role.${value}`) })),
    ),
} satisfies Record<string, Find>;
