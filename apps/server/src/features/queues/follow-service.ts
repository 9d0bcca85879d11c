/** Carries what is followed to browsers, as an event stream of a signed-in session. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { FollowHub } from "./follow-hub.ts";
import { findQueueInstance } from "./queue-instance-store.ts";
import type { QueuesDeps } from "./queues-deps.ts";

export interface FollowService {
  /** Takes over the response. @throws MailbrakeError not-found, before anything was written */
  open(instanceId: string, request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

const frame = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

export function createFollowService({ store, connections }: QueuesDeps, hub: FollowHub): FollowService {
  return {
    async open(instanceId, { signedIn }, reply) {
      const row = await findQueueInstance(store, instanceId);
      if (signedIn === null) throw new Error("the access guard let an event stream through without a session");
      reply.hijack();
      let leave = () => {};
      const stream = connections.stream(reply.raw, signedIn, () => leave());
      leave = hub.watch(row, {
        tick: (tick) => stream.write(frame("tick", tick)),
        end(why) {
          stream.write(frame("end", { why }));
          stream.close();
        },
      });
      if (stream.closed()) leave();
    },
  };
}
