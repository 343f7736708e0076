/** `unfinished`: some files need a person or another run. */
export const EXIT = { ok: 0, fatal: 1, usage: 2, unfinished: 3, interrupted: 130 } as const;
