/** The snapshot that a session was last saved as, or begun from: the way back to what it held. */
export class LastSnapshot {
  #last:
    | { readonly session: string; readonly id: string; readonly name: string; readonly at: Date }
    | undefined;

  /** A session was saved as a snapshot, or got what one holds. */
  note(session: string, snapshot: { readonly id: string; readonly name: string }): void {
    this.#last = { session, id: snapshot.id, name: snapshot.name, at: new Date() };
  }

  /** A snapshot was deleted. */
  forget(id: string): void {
    if (this.#last?.id === id) this.#last = undefined;
  }

  /** How to get back what a session held, as a sentence; undefined when there is no way. */
  wayBack(session: string): string | undefined {
    if (this.#last?.session !== session) return undefined;
    const { name, at } = this.#last;
    const time = `${at.getHours()}:${String(at.getMinutes()).padStart(2, '0')}`;
    const escaped = name.replace(/[\\"]/g, '\\$&');
    return `%session new --snapshot "${escaped}" brings back what snapshot "${name}" holds, as of ${time}.`;
  }
}
