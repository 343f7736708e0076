/** What the report's script uses of a browser. TypeScript's own DOM types would hold for the whole program. */

export interface PageNode {
  textContent: string | null;
}

export interface PageElement extends PageNode {
  value: string;
  hidden: boolean;
  readonly style: { height: string };
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  getAttribute(name: string): string | null;
  append(...content: (PageNode | string)[]): void;
  remove(): void;
  replaceChildren(...content: (PageNode | string)[]): void;
  contains(node: PageNode | null): boolean;
  addEventListener(event: string, listener: (event: { preventDefault(): void }) => void): void;
  getBoundingClientRect(): { height: number };
  focus(options?: { preventScroll: boolean }): void;
  scrollIntoView(): void;
  scrollTop: number;
}

export interface PageDocument {
  readonly activeElement: PageElement | null;
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
  addEventListener(event: string, listener: () => void): void;
  setTimeout(callback: () => void, ms: number): number;
  clearTimeout(timer: number): void;
}
