// SIGKILL at every kind of asynchronous point: each callback into the filter, and each beginning
// and end of what it does on its own, in its I/O and in every operation on its disk.
import { ATTEMPTS, type Check, type CheckContext, type Outcome } from '../check.ts';
import { COUNT_ONLY } from '../crash/crash-points.ts';
import { SCENARIOS, type Scenario } from '../crash/crash-scenarios.ts';
import { CrashStage } from '../crash/crash-stage.ts';
import { TriedPoints } from '../crash/distinct-points.ts';
import { Failure } from '../lab/trial.ts';

/** Scenarios side by side: each waits for its worlds most of the time. */
const LANES = 2;
const END_MS = 5_000;

export const awaitCheck: Check = {
  id: 'awaits',
  title: 'SIGKILL at every asynchronous point',
  async run(context: CheckContext): Promise<Outcome> {
    const keepsDisks = context.candidate.manifest.class === 'encryption';
    const { crashScenarios } = context.effort;
    const scenarios = SCENARIOS.filter(
      ({ name, detaches = false }) =>
        !(detaches && keepsDisks) && (crashScenarios?.includes(name) ?? true),
    );
    const run: Run = { context, tried: new TriedPoints(), failed: false };
    const enumerations = scenarios.map((scenario) => new Enumeration(run, scenario));
    const left = [...enumerations];
    const lane = async (): Promise<void> => {
      for (let next = left.shift(); next && !run.failed; next = left.shift()) {
        await next.run();
      }
    };
    // Disks side by side would have the one daemon tell their points apart.
    const lanes = Array.from({ length: context.daemons ? 1 : LANES }, lane);
    await Promise.all(lanes.map((each) => each.catch((thrown) => fail(run, thrown))));
    const points = sum(enumerations, (each) => each.points);
    const kills = sum(enumerations, (each) => each.kills);
    const { kinds } = run.tried;
    const notes = enumerations.map((each) => each.note).filter((note) => note !== null);
    return { numbers: { scenarios: scenarios.length, points, kinds, kills }, notes };
  },
};

/** What the scenarios of one check share. */
interface Run {
  context: CheckContext;
  tried: TriedPoints;
  failed: boolean;
}

/** The other lanes end soon, and nothing is judged any more. */
function fail(run: Run, thrown: unknown): never {
  run.failed = true;
  throw thrown;
}

function sum(all: readonly Enumeration[], count: (each: Enumeration) => number): number {
  return all.reduce((so, each) => so + count(each), 0);
}

class Enumeration {
  /** Reached in the run that nothing ended. */
  points = 0;
  kills = 0;
  /** Kinds of points for which there was no room. */
  #leftOut = 0;
  readonly #run: Run;
  readonly #context: CheckContext;
  readonly #scenario: Scenario;
  #stage: CrashStage | null = null;

  constructor(run: Run, scenario: Scenario) {
    this.#run = run;
    this.#context = run.context;
    this.#scenario = scenario;
  }

  async run(): Promise<void> {
    const { tried } = this.#run;
    const { name, weight = 1 } = this.#scenario;
    const most = this.#context.effort.crashPoints * weight;
    const names = await this.#patiently(COUNT_ONLY);
    this.points = names.length;
    const chosen = tried.choose(names, most, name);
    this.#leftOut = tried.choose(names, names.length, name).length - chosen.length;
    for (const crashAt of chosen) {
      if (this.#run.failed) break;
      const reached = await this.#patiently(crashAt);
      if (reached.length < crashAt) continue;
      this.kills += 1;
      tried.add(reached, name);
    }
    this.#leave();
  }

  /** What there was no room for; null when there was for all. */
  get note(): string | null {
    if (this.#leftOut === 0) return null;
    return `${this.#scenario.name}: ${this.#leftOut} more of ${this.points} points are not tried.`;
  }

  /** Once more, with another disk, when the machine was too busy for it. */
  async #patiently(crashAt: number): Promise<string[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#round(crashAt);
      } catch (thrown) {
        const isBusy = await this.#stage?.trial.wasStarved(messageOf(thrown));
        if (!isBusy || attempt >= ATTEMPTS) throw thrown;
        this.#leave();
      }
    }
  }

  /** Names of the points that were reached; the last one is where the world ended. */
  async #round(crashAt: number): Promise<string[]> {
    const stage = await this.#open();
    const { name } = this.#scenario;
    await stage.clearJournal();
    let problem: unknown = null;
    await this.#runAndDisarm(stage, crashAt).catch((thrown: unknown) => {
      problem = thrown;
    });
    const reached = await this.#reached(stage, crashAt, problem);
    const ended = crashAt > 0 && reached.length >= crashAt;
    if (problem !== null && (problem instanceof Failure || !ended)) {
      // Another lane's trial may be the last that was started: this world's words are told here.
      const said = await stage.trial.lastWords();
      const where = `${name}, behind point ${reached.length} (${reached.at(-1)})`;
      throw failure(said === null ? where : `${where}, its process said “${said}”`, problem);
    }
    const where = `${name}, ended at point ${crashAt} (${reached.at(-1)})`;
    try {
      if (ended) await stage.recover('After that');
      else if (!stage.trial.isAlive) await stage.reopen();
      await stage.verify('After that');
    } catch (thrown) {
      throw failure(ended ? where : name, thrown);
    }
    if (this.#scenario.fresh) this.#leave();
    return reached;
  }

  async #runAndDisarm(stage: CrashStage, crashAt: number): Promise<void> {
    await this.#scenario.run(stage, crashAt);
    if (stage.trial.isAlive) await stage.trial.setFilters(stage.unarmed);
  }

  async #open(): Promise<CrashStage> {
    const stage = this.#stage ?? (await CrashStage.open(this.#context));
    this.#stage = stage;
    await stage.comeHome('After a migration');
    await stage.trial.setFilters(stage.unarmed);
    await this.#scenario.prepare?.(stage);
    return stage;
  }

  #leave(): void {
    this.#stage?.trial.abandon();
    this.#stage = null;
  }

  /** A world that has just been ended may have its last point in the journal a moment later. */
  async #reached(stage: CrashStage, crashAt: number, problem: unknown): Promise<string[]> {
    let reached = await stage.journal();
    for (let waitedMs = 0; waitedMs < END_MS; waitedMs += 20) {
      if (problem === null || reached.length >= crashAt) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
      reached = await stage.journal();
    }
    return reached;
  }
}

function failure(where: string, thrown: unknown): Failure {
  return new Failure(`${where}: ${messageOf(thrown)}`);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
