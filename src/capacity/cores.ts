/** Work that takes CPU until it is done; it uses one core at most. */
type Work = { left: number; readonly done: () => void };

/** Cores that work shares: all of it goes on at once, each at an equal part of what there is. Times are in microseconds. */
export type Cores = {
  readonly begin: (micros: number, done: () => void) => void;
  /** Until the first work is done; Infinity when there is none. */
  readonly nextMicros: () => number;
  /** Lets time pass, no more than {@link Cores.nextMicros}; calls back for what is done then. */
  readonly pass: (micros: number) => void;
  /** Microseconds of CPU that were spent. */
  readonly spent: () => number;
};

/** So little work is done: additions of doubles leave crumbs. */
const DONE = 1e-6;

export function createCores(count: number): Cores {
  let running: Work[] = [];
  let spent = 0;
  const speed = (): number => Math.min(1, count / running.length);
  return {
    begin: (micros, done) => void running.push({ left: micros, done }),
    nextMicros: () => running.reduce((least, { left }) => Math.min(least, left), Infinity) / speed(),
    pass: (micros) => {
      if (running.length === 0) return;
      const each = micros * speed();
      spent += each * running.length;
      for (const one of running) one.left -= each;
      const over = running.filter(({ left }) => left <= DONE);
      if (over.length === 0) return;
      running = running.filter(({ left }) => left > DONE);
      for (const { done } of over) done();
    },
    spent: () => spent,
  };
}
