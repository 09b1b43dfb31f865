/** Runs asynchronous tasks one after another, in the order in which they were added. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();

  /** Adds a task; settles as the task does. A task that fails does not stop those behind it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
