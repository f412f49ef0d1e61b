// SIGKILL at every asynchronous point, one after the other: each callback into the filter, and each
// beginning and end of what it does on its own, in its I/O and in every operation on its disk.
import { ATTEMPTS, type Check, type CheckContext, type Outcome } from '../check.ts';
import { COUNT_ONLY } from '../lab/crash-points.ts';
import { SCENARIOS, type Scenario } from '../lab/crash-scenarios.ts';
import { CrashStage } from '../lab/crash-stage.ts';
import { Failure } from '../lab/trial.ts';

/** A name that is reached so rarely is no plain I/O: its points come first. */
const RARE = 4;
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
    const notes: string[] = [];
    let [points, kills] = [0, 0];
    for (const scenario of scenarios) {
      const enumeration = new Enumeration(context, scenario);
      await enumeration.run();
      points += enumeration.points;
      kills += enumeration.kills;
      if (enumeration.kills >= enumeration.points) continue;
      const tried = `${enumeration.kills} of ${enumeration.points} points were tried`;
      notes.push(`${scenario.name}: ${tried}.`);
    }
    return { numbers: { scenarios: scenarios.length, points, kills }, notes };
  },
};

class Enumeration {
  /** Reached in the run that nothing ended. */
  points = 0;
  kills = 0;
  readonly #context: CheckContext;
  readonly #scenario: Scenario;
  #stage: CrashStage | null = null;

  constructor(context: CheckContext, scenario: Scenario) {
    this.#context = context;
    this.#scenario = scenario;
  }

  async run(): Promise<void> {
    const crashPoints = this.#context.effort.crashPoints * (this.#scenario.weight ?? 1);
    const names = await this.#patiently(COUNT_ONLY);
    this.points = names.length;
    const all = names.length <= crashPoints;
    for (const crashAt of all ? upTo(crashPoints) : choose(names, crashPoints)) {
      const reached = await this.#patiently(crashAt);
      if (reached.length >= crashAt) this.kills += 1;
      // Some runs are longer than the first: the end is where one passes.
      else if (all) break;
    }
    this.points = Math.max(this.points, this.kills);
    this.#stage?.trial.abandon();
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
      throw failure(`${name}, behind point ${reached.length} (${reached.at(-1)})`, problem);
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

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

/** What is rare, and of the rest so many that all is spread evenly. In order. */
function choose(names: readonly string[], most: number): number[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const numbers = upTo(names.length);
  const isRare = (number: number): boolean => (counts.get(names[number - 1] ?? '') ?? 0) <= RARE;
  const rare = spread(numbers.filter(isRare), most);
  const common = numbers.filter((number) => !isRare(number));
  const rest = spread(common, most - rare.length);
  return [...rare, ...rest].sort((a, b) => a - b);
}

function spread(numbers: readonly number[], most: number): number[] {
  if (numbers.length <= most) return [...numbers];
  return upTo(most).map((index) => numbers[Math.floor(((index - 1) * numbers.length) / most)] ?? 0);
}
