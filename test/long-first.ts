/** The order in which a project's files are run. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** They take far longer than their size says, by which the others are ordered. */
const long =
  /\/(gateway\/(policy|sign-in)\.db|test\/edge\/(worker|stream)\.worker|test\/stream\/sign-out\.db)\.test\.ts$/;

/** What takes long comes first, so that it is not the one that everybody waits for in the end. */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((it) => !isLong(it))];
  }
}
