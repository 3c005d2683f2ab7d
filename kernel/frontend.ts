import { v4 as uuid } from 'uuid';
import {
  createHeader,
  createMessage,
  encodeDict,
  encodeZmqFrames,
  localUser,
  type MessageHeader,
  PROTOCOL_VERSION,
  type Signer,
  type WireMessage,
} from '../src/jupyter/index.js';
import type { ClientRequest, OpenRequest, RequestLog } from './requests.js';
import type { Outbox } from './sockets/outbox.js';
import type { KernelSockets } from './sockets/sockets.js';

/** The content of an error, on IOPub and in a reply. */
export interface ErrorContent {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/**
 * The kernel as its clients see it: signs and sends, in order, with the kernel's own session id.
 * Busy and idle of a request are published once, whoever says so first.
 */
export class Frontend {
  /** The kernel's own session id: clients tell by it that a kernel is a new one. */
  readonly session = uuid();
  readonly username = localUser();

  constructor(
    private readonly sockets: KernelSockets,
    private readonly signer: Signer,
    private readonly outbox: Outbox,
    private readonly requests: RequestLog,
  ) {}

  /** Publishes a message of the kernel's own. */
  publish(type: string, content: object, parent?: Uint8Array): void {
    const header = createHeader(type, this.session, this.username);
    const message = createMessage(header, content, parent === undefined ? {} : { parent });
    this.#send(this.sockets.iopub, [this.#topic(type)], message);
  }

  /** Greets the subscriber that has just been accepted, with the first message that it gets. */
  welcome(topic: Uint8Array): void {
    const header = createHeader('iopub_welcome', this.session, this.username);
    const content = { subscription: Buffer.from(topic).toString() };
    const frames = encodeZmqFrames([topic], createMessage(header, content), this.signer);
    this.outbox.pushFirst(this.sockets.iopub, frames);
  }

  /** Answers a request. A second answer to the same request is not sent. */
  reply(request: OpenRequest, content: object, metadata?: object): void {
    const type = request.header.msg_type.replace(/_request$/, '_reply');
    const header = createHeader(type, this.session, this.username);
    const parent = request.message.header;
    this.sendReply(
      request,
      createMessage(header, content, { parent, ...(metadata === undefined ? {} : { metadata }) }),
    );
  }

  /** Sends a complete reply, once per request. */
  sendReply(request: OpenRequest, message: WireMessage): void {
    if (request.isAnswered) return;
    request.isAnswered = true;
    this.#send(this.sockets[request.channel], request.identities, message);
  }

  busy(request: OpenRequest): void {
    if (request.isBusy) return;
    request.isBusy = true;
    this.publish('status', { execution_state: 'busy' }, request.message.header);
  }

  /** Publishes `idle` and ends the request: everything for it must have been published. */
  idle(request: OpenRequest): void {
    if (this.requests.find(request.header.msg_id) !== request) return;
    this.publish('status', { execution_state: 'idle' }, request.message.header);
    this.requests.finish(request.header.msg_id);
  }

  /** Answers a request that the kernel serves itself, between busy and idle. */
  serve(request: OpenRequest, content: object): void {
    this.busy(request);
    this.reply(request, content);
    this.idle(request);
  }

  /** Asks the client of a request on stdin. */
  askInput(request: ClientRequest, prompt: string, password: boolean): void {
    const header = createHeader('input_request', this.session, this.username);
    const content = { prompt, password };
    const message = createMessage(header, content, { parent: request.message.header });
    this.#send(this.sockets.stdin, request.identities, message);
  }

  /** Passes a published message of the session on; content and buffers stay the bytes they are. */
  forwardPublished(message: WireMessage, header: MessageHeader, parent: Uint8Array): void {
    this.#send(
      this.sockets.iopub,
      [this.#topic(header.msg_type)],
      this.#reissue(message, header, parent),
    );
  }

  forwardReply(request: OpenRequest, message: WireMessage, header: MessageHeader): void {
    this.sendReply(request, this.#reissue(message, header, request.message.header));
  }

  forwardQuestion(request: ClientRequest, message: WireMessage, header: MessageHeader): void {
    const question = this.#reissue(message, header, request.message.header);
    this.#send(this.sockets.stdin, request.identities, question);
  }

  #reissue(message: WireMessage, header: MessageHeader, parentHeader: Uint8Array): WireMessage {
    const { msg_id, msg_type, date } = header;
    const own: MessageHeader = {
      msg_id,
      msg_type,
      session: this.session,
      username: this.username,
      date,
      version: PROTOCOL_VERSION,
    };
    return { ...message, header: encodeDict(own), parentHeader };
  }

  #topic(type: string): Uint8Array {
    return Buffer.from(`kernel.${this.session}.${type}`);
  }

  #send(
    socket: KernelSockets['shell'] | KernelSockets['iopub'],
    identities: readonly Uint8Array[],
    message: WireMessage,
  ): void {
    this.outbox.push(socket, encodeZmqFrames(identities, message, this.signer));
  }
}
