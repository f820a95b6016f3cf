import { listBeamlines, type Beamline } from "../../api/admin-calls.ts";
import { useQuery } from "../../api/use-query.ts";

/** More than facilities have. */
const every = { limit: 200 };

/** The beamlines within the reader's reach, to choose from; empty until they are known. */
export function useBeamlines(): () => readonly Beamline[] {
  const query = useQuery(() => ({
    queryKey: ["admin-beamlines", "choice"],
    queryFn: ({ signal }) => listBeamlines(every, signal),
  }));
  return () => query.data?.items ?? [];
}
