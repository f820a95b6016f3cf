import type { Instance, Me } from "../../gateway/schemas.ts";

/** Whether this browser is a shared computer at a beamline. */
export const isStation = ({ roles }: Pick<Me, "roles">): boolean => roles.includes("station");

/** Whether what is saved at home outlives the desktop: a station's own has no home that does. */
export const keepsHome = (me: Me, { owner }: Pick<Instance, "owner">): boolean =>
  !isStation(me) || owner !== me.username;

/** Whether it may be started anew from here: on a station nobody does so in another's name. */
export const isOwn = (me: Me, { owner }: Pick<Instance, "owner">): boolean => owner === me.username;
