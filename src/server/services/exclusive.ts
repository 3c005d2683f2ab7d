/** Runs tasks of one key after each other; tasks of different keys run side by side. */
export class ExclusiveTasks {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs a task when all earlier ones of the key have ended. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const current = before === undefined ? task() : before.then(task, task);
    this.#last.set(key, current);
    try {
      return await current;
    } finally {
      if (this.#last.get(key) === current) this.#last.delete(key);
    }
  }
}
