import Type, { type Static } from 'typebox';
import { Nullable } from './common.js';

/*
 * What R Server 9.3 added: pools of single services, and the machines that run code. The names of
 * the fields of pools begin with a capital, as there.
 */

/** Body of `POST /services/{name}/{version}/pool`. */
export const CreateOrUpdateServicePoolRequest = Type.Object(
  {
    InitialPoolSize: Nullable(
      Type.Integer({ description: 'Workers that are kept ready: 0 or more.' }),
    ),
    MaxPoolSize: Nullable(
      Type.Integer({
        description: 'The most workers at a time: at least 1, and not less than InitialPoolSize.',
      }),
    ),
  },
  { $id: 'CreateOrUpdateServicePoolRequest' },
);
export type CreateOrUpdateServicePoolRequest = Static<typeof CreateOrUpdateServicePoolRequest>;

/** The pool of one service on one machine, as `GET /services/{name}/{version}/pool` lists it. */
export const ServicePoolStatusResponse = Type.Object(
  {
    ComputeNodeEndpoint: Type.String({ description: 'Address of the machine.' }),
    Status: Type.Union(
      [Type.Literal('Success'), Type.Literal('Pending'), Type.Literal('NotFound')],
      {
        description:
          'Success: all initial workers are ready. Pending: some are being started. NotFound: the service has no pool of its own.',
      },
    ),
  },
  { $id: 'ServicePoolStatusResponse' },
);
export type ServicePoolStatusResponse = Static<typeof ServicePoolStatusResponse>;

/** Body of the routes that change the list of compute nodes. */
export const UpdateComputeNodesRequest = Type.Object(
  {
    entries: Type.Array(Type.String(), {
      description: 'Addresses, such as "http://localhost:12800".',
    }),
  },
  { $id: 'UpdateComputeNodesRequest' },
);
export type UpdateComputeNodesRequest = Static<typeof UpdateComputeNodesRequest>;

/** Answer of `GET /computenodes`. */
export const GetComputeNodesResponse = Type.Object(
  {
    computeNodes: Type.Array(Type.String(), { description: 'Addresses of all compute nodes.' }),
  },
  { $id: 'GetComputeNodesResponse' },
);
export type GetComputeNodesResponse = Static<typeof GetComputeNodesResponse>;
