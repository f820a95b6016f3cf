/** What the scheduler judges. Pure data: whoever calls it reads and writes the database. */
export interface Request {
  readonly id: string;
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly ready: boolean;
  readonly schedulable: boolean;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly allocatedCpus: number;
  readonly allocatedMemoryBytes: number;
}

export interface ScoreLine {
  readonly rule: string;
  readonly points: number;
}

export interface Scored {
  readonly node: Candidate;
  readonly score: number;
  readonly lines: readonly ScoreLine[];
}
