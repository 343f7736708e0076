declare module 'fs-native-extensions' {
  interface LockOptions {
    shared?: boolean;
  }
  /** Locks bytes of an open file for as long as it stays open; false if another process has done so. */
  export function tryLock(fd: number, offset: number, length: number, options?: LockOptions): boolean;
  const extensions: { tryLock: typeof tryLock };
  export default extensions;
}
