export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** A terminal that a command may take over. */
export interface Terminal {
  size(): ScreenSize;
  /**
   * Takes the whole screen, and every key as it is pressed, until `leave` is called or the process ends in any way: then
   * the terminal is as it was before. Called once at a time.
   * @param onKeys told what was typed, as the terminal sends it
   * @param onChange told when the size has changed
   * @param onStop told when the process is to end
   */
  enter(events: {
    readonly onKeys: (text: string) => void;
    readonly onChange: () => void;
    readonly onStop: () => void;
  }): { readonly write: (text: string) => void; readonly leave: () => void };
}
