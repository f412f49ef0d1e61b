// A connection to a key server: TLS with certificates on both sides, one request after the other.
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { FormatError } from '../../formats/format-error.ts';
import { decodeAnswer, encodeRequest, type KmipRequest } from '../../formats/kmip/messages.ts';
import { RESULT_NOT_FOUND, TAG } from '../../formats/kmip/tags.ts';
import { messageBytes, TTLV_HEADER_BYTES, type TtlvItem } from '../../formats/kmip/ttlv.ts';

/** A server that says nothing for so long is given up, in milliseconds. */
const SILENCE_MS = 5_000;

export interface KmipServer {
  address: string;
  port: number;
  /** PEM: who signed the server's certificate. */
  caCertificate: string;
  /** PEM: the certificate that the server knows this client by, and its private key. */
  clientCertificate: string;
  clientKey: string;
}

/** Sends one request and resolves with the payload of the answer. */
export type AskKmip = (request: KmipRequest) => Promise<TtlvItem[]>;

/** A key server that cannot be reached, or does not do what it is asked. The message says why. */
export class KmipError extends Error {
  override readonly name = 'KmipError';
  /** The server answered, and does not have what was asked for. */
  readonly isNotFound: boolean;

  constructor(message: string, options?: ErrorOptions & { isNotFound?: boolean }) {
    super(message, options);
    this.isNotFound = options?.isNotFound ?? false;
  }
}

/** Connects, and disconnects at the end. Throws KmipError; what `use` throws goes through. */
export async function withKmip<T>(
  server: KmipServer,
  use: (ask: AskKmip) => Promise<T>,
): Promise<T> {
  const connection = new KmipConnection(server);
  try {
    await connection.opened();
    return await use((request) => connection.ask(request));
  } finally {
    connection.close();
  }
}

class KmipConnection {
  readonly #socket: TLSSocket;
  readonly #place: string;
  readonly #opened: Promise<void>;
  #received = Buffer.alloc(0);
  #failure: KmipError | null = null;
  #changed: () => void = () => undefined;

  constructor({ address, port, caCertificate, clientCertificate, clientKey }: KmipServer) {
    this.#place = `${address}:${port}`;
    this.#socket = connectTo({
      ...{ host: address, port, ca: caCertificate, cert: clientCertificate, key: clientKey },
      ...{ minVersion: 'TLSv1.2' },
    });
    this.#socket.setTimeout(SILENCE_MS, () => {
      this.#socket.destroy(new Error(`it did not answer within ${SILENCE_MS / 1000} s`));
    });
    this.#opened = new Promise((resolve) => {
      this.#socket.once('secureConnect', resolve);
      this.#socket.once('close', resolve);
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(inWords(error)));
    this.#socket.on('close', () => this.#fail('it closed the connection'));
    this.#socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes]);
      this.#changed();
    });
  }

  async opened(): Promise<void> {
    await this.#opened;
    if (this.#failure) throw this.#failure;
  }

  async ask(request: KmipRequest): Promise<TtlvItem[]> {
    this.#socket.write(encodeRequest(request));
    try {
      const answer = decodeAnswer(await this.#message(), request.operation);
      if (answer.ok) return answer.payload;
      const isNotFound = answer.reason === RESULT_NOT_FOUND;
      const what = `The key server ${this.#place} refuses to ${request.operation}`;
      const message = `${what}: ${answer.message}`;
      throw new KmipError(message, { isNotFound });
    } catch (cause) {
      if (!(cause instanceof FormatError)) throw cause;
      const message = `The key server ${this.#place} does not speak KMIP: ${cause.message}.`;
      throw new KmipError(message, { cause });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  async #message(): Promise<Uint8Array> {
    await this.#until(TTLV_HEADER_BYTES);
    const length = messageBytes(this.#received, TAG.responseMessage);
    await this.#until(length);
    const message = this.#received.subarray(0, length);
    this.#received = this.#received.subarray(length);
    return message;
  }

  /** So many bytes are there. */
  async #until(length: number): Promise<void> {
    while (this.#received.length < length) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  #fail(why: string): void {
    this.#failure ??= new KmipError(`The key server ${this.#place} cannot be reached: ${why}.`);
    this.#changed();
  }
}

/** Certificates and keys that cannot be read are found out here. */
function connectTo(options: ConnectionOptions): TLSSocket {
  try {
    return connect(options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KmipError(`A certificate or key of the key provider cannot be used: ${why}.`, {
      cause,
    });
  }
}

/** Without a full stop. */
function inWords({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ENOTFOUND':
      return 'its name is not known';
    case 'ECONNRESET':
      return 'it ended the connection; it may not trust the client certificate';
    default:
      return message.replace(/\.$/, '');
  }
}
