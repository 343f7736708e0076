/** What the report's script uses of a browser. TypeScript's own DOM types would apply to the whole program. */

export interface PageNode {
  textContent: string | null;
}

export interface PageElement extends PageNode {
  value: string;
  hidden: boolean;
  open: boolean;
  readonly style: { height: string };
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  append(...content: (PageNode | string)[]): void;
  remove(): void;
  replaceChildren(...content: (PageNode | string)[]): void;
  contains(node: PageNode | null): boolean;
  addEventListener(event: string, listener: (event: { preventDefault(): void }) => void): void;
  getBoundingClientRect(): { height: number };
  click(): void;
  focus(options?: { preventScroll: boolean }): void;
  scrollIntoView(): void;
  scrollTop: number;
}

export interface PageDocument {
  readonly activeElement: PageElement | null;
  readonly hidden: boolean;
  createElement(name: string): PageElement;
  createElementNS(namespace: string, name: string): PageElement;
  getElementById(id: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

export interface PageObserver {
  observe(element: PageElement): void;
  disconnect(): void;
}

export interface PageWindow {
  readonly document: PageDocument;
  readonly IntersectionObserver: new (
    callback: (entries: readonly { target: PageElement; isIntersecting: boolean }[]) => void,
    options: { root: PageElement; rootMargin: string },
  ) => PageObserver;
  readonly Blob: new (parts: readonly string[], options: { type: string }) => object;
  readonly URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
  readonly location: { reload(): void };
  readonly sessionStorage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  readonly scrollY: number;
  scrollTo(x: number, y: number): void;
  fetch(address: string): Promise<{ ok: boolean; text(): Promise<string> }>;
  addEventListener(event: string, listener: () => void): void;
  setTimeout(callback: () => void, ms: number): number;
  clearTimeout(timer: number): void;
}
