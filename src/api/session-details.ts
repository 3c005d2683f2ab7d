import Type, { type Static } from 'typebox';
import { RuntimeType } from './common.js';

/*
 * What Slipway tells of sessions beyond R Server's fields. It has routes of its own, and the schemas
 * of R Server's stay as they are: a server that speaks plain 9.1 leaves this file out as a whole.
 */

/** A kernel that is attached to a session. */
export const SessionAttachment = Type.Object(
  {
    client: Type.String({ description: 'What it calls itself, such as "iris on laptop".' }),
    since: Type.String({ description: 'ISO 8601, UTC.' }),
  },
  { $id: 'SessionAttachment' },
);
export type SessionAttachment = Static<typeof SessionAttachment>;

/** One of the user's sessions, with its state and its lease. */
export const SessionDetails = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    owner: Type.String(),
    runtimeType: RuntimeType,
    created: Type.String({ description: 'ISO 8601, UTC.' }),
    state: Type.Union([Type.Literal('running'), Type.Literal('idle')]),
    attached: Type.Array(SessionAttachment),
    lease: Type.Integer({ description: 'Seconds that it lives on when nobody uses it.' }),
    leaseLeft: Type.Union([Type.Integer(), Type.Null()], {
      description: 'Seconds until it is closed unless somebody uses it; null while it is in use.',
    }),
  },
  { $id: 'SessionDetails' },
);
export type SessionDetails = Static<typeof SessionDetails>;

/** Seconds of the longest lease that can be asked for: a week. */
export const LONGEST_LEASE = 7 * 24 * 60 * 60;

/** Body of `PUT /sessions/{id}/lease`. */
export const SessionLease = Type.Object(
  {
    seconds: Type.Integer({
      minimum: 1,
      maximum: LONGEST_LEASE,
      description: 'How long the session lives on when nobody uses it.',
    }),
  },
  { $id: 'SessionLease' },
);
export type SessionLease = Static<typeof SessionLease>;
