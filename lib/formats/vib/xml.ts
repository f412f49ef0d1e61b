// A reader for the part of XML 1.0 that descriptors and depot indexes use: elements, attributes,
// text, CDATA, comments and processing instructions. A document type is refused, so no entity can
// expand.
import { Fault } from '../../model/fault.ts';

const DEPTH_MAX = 32;
const ELEMENTS_MAX = 100_000;
const NAME = /[A-Za-z_][A-Za-z0-9_.:-]*/y;
const SPACE = /[ \t\r\n]+/y;
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
]);

export interface XmlElement {
  name: string;
  attributes: Map<string, string>;
  children: XmlElement[];
  /** All character data directly inside the element, in order, untrimmed. */
  text: string;
}

/** Parses a document and returns its root. Throws VibFormatError with the line on anything else. */
export function parseXml(bytes: Uint8Array, what: string): XmlElement {
  return new XmlReader(decodeUtf8(bytes, what), what).document();
}

/** The first child of that name, or null. */
export function childOf(element: XmlElement, name: string): XmlElement | null {
  return element.children.find((child) => child.name === name) ?? null;
}

/** Trimmed text of the first child of that name; empty when there is none. */
export function childText(element: XmlElement, name: string): string {
  return childOf(element, name)?.text.trim() ?? '';
}

export function childrenOf(element: XmlElement | null, name: string): XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/**
 * Text for use between tags or inside a quoted attribute. Control characters have no place in XML.
 */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]|[\r]/gu, (character) =>
      isXmlCharacter(character.codePointAt(0) ?? 0) ? `&#${character.codePointAt(0)};` : '',
    );
}

class XmlReader {
  readonly #text: string;
  readonly #what: string;
  #at = 0;
  #elements = 0;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  document(): XmlElement {
    this.#misc();
    if (this.#text[this.#at] !== '<') throw this.#wrong('there is no root element');
    const root = this.#element(0);
    this.#misc();
    if (this.#at < this.#text.length) throw this.#wrong('something follows the root element');
    return root;
  }

  /** Skips what may stand outside the root: space, comments, processing instructions. */
  #misc(): void {
    for (;;) {
      this.#take(SPACE);
      if (this.#starts('<?')) this.#skipTo('?>');
      else if (this.#starts('<!--')) this.#skipTo('-->');
      else if (this.#starts('<!')) throw this.#wrong('document types are not allowed');
      else return;
    }
  }

  #element(depth: number): XmlElement {
    if (depth > DEPTH_MAX) throw this.#wrong(`elements nest deeper than ${DEPTH_MAX}`);
    this.#elements += 1;
    if (this.#elements > ELEMENTS_MAX) throw this.#wrong(`more than ${ELEMENTS_MAX} elements`);
    this.#expect('<');
    const name = this.#name();
    const element: XmlElement = { name, attributes: this.#attributes(), children: [], text: '' };
    if (this.#starts('/>')) {
      this.#at += 2;
      return element;
    }
    this.#expect('>');
    this.#content(element, depth);
    this.#expect('</');
    if (this.#name() !== name) throw this.#wrong(`element ${name} is not closed`);
    this.#take(SPACE);
    this.#expect('>');
    return element;
  }

  #content(element: XmlElement, depth: number): void {
    while (!this.#starts('</')) {
      if (this.#at >= this.#text.length) throw this.#wrong(`element ${element.name} is not closed`);
      if (this.#starts('<!--')) this.#skipTo('-->');
      else if (this.#starts('<![CDATA[')) element.text += this.#skipTo(']]>').slice(9);
      else if (this.#starts('<?')) this.#skipTo('?>');
      else if (this.#starts('<')) element.children.push(this.#element(depth + 1));
      else element.text += this.#characters();
    }
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>();
    while (this.#take(SPACE) !== '' && !this.#starts('/') && !this.#starts('>')) {
      const name = this.#name();
      this.#take(SPACE);
      this.#expect('=');
      this.#take(SPACE);
      const quote = this.#text[this.#at];
      if (quote !== '"' && quote !== "'") throw this.#wrong(`attribute ${name} is not quoted`);
      this.#at += 1;
      const end = this.#text.indexOf(quote, this.#at);
      if (end < 0) throw this.#wrong(`attribute ${name} is not closed`);
      const raw = this.#text.slice(this.#at, end);
      if (raw.includes('<') || attributes.has(name))
        throw this.#wrong(`attribute ${name} is wrong`);
      attributes.set(name, this.#decode(raw));
      this.#at = end + 1;
    }
    return attributes;
  }

  #characters(): string {
    const end = this.#text.indexOf('<', this.#at);
    const raw = this.#text.slice(this.#at, end < 0 ? undefined : end);
    const decoded = this.#decode(raw);
    this.#at += raw.length;
    return decoded;
  }

  #decode(raw: string): string {
    if (!raw.includes('&')) return raw;
    return raw.replace(/&([^;&]{0,10};?)/g, (_, reference: string) => {
      const entity = reference.endsWith(';') ? decodeReference(reference.slice(0, -1)) : null;
      if (entity === null) throw this.#wrong(`&${reference} is not a character reference`);
      return entity;
    });
  }

  #name(): string {
    const name = this.#take(NAME);
    if (name === '') throw this.#wrong('a name is missing');
    return name;
  }

  /** Takes what the sticky pattern matches here; empty when it does not. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += match.length;
    return match;
  }

  #starts(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  #expect(text: string): void {
    if (!this.#starts(text)) throw this.#wrong(`"${text}" is missing`);
    this.#at += text.length;
  }

  /** Moves behind the end mark and returns what stood before it. */
  #skipTo(mark: string): string {
    const end = this.#text.indexOf(mark, this.#at);
    if (end < 0) throw this.#wrong(`"${mark}" is missing`);
    const skipped = this.#text.slice(this.#at, end);
    this.#at = end + mark.length;
    return skipped;
  }

  #wrong(reason: string): Fault {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    return new Fault('VibFormatError', `${this.#what}, line ${line}: ${reason}.`);
  }
}

function decodeReference(reference: string): string | null {
  const named = ENTITIES.get(reference);
  if (named !== undefined) return named;
  const match = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(reference);
  if (!match) return null;
  const code = match[1] ? Number.parseInt(match[1], 16) : Number.parseInt(match[2] ?? '', 10);
  return isXmlCharacter(code) ? String.fromCodePoint(code) : null;
}

/** XML 1.0, production 2. */
function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 9 || code === 10 || code === 13;
  return (
    code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code > 0xffff && code <= 0x10ffff)
  );
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Fault('VibFormatError', `${what} is not UTF-8 text.`, { cause });
  }
}
