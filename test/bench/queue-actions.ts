/**
 * A survey of a large queue, and hold and delete of half of it by sender, each beside what a postmaster types for it: in the same run, on the same queue
 * made anew before each action. Ours also puts what it deletes into a backup, reads that back, and notes each step; the peers do none of it.
 */

import { QueueHost } from "../integration/queue-actions/queue-host.ts";
import { eximHost, type Lab, labUp, mxHost } from "../lab/index.ts";
import { inWords, sample, timed } from "./measure.ts";
import { PeakMemory } from "./peak-memory.ts";
import { fillEximQueue, fillPostfixQueue, loudSender } from "./queue-spool.ts";

const surveyRounds = 3;
const limitSeconds = 1_800;
const topOf = (awk: string) => `${awk} | sort | uniq -c | sort -rn | head -n 20`;

interface Peers {
  name: string;
  fill: (count: number) => Promise<void>;
  /** Each a pipeline. */
  survey: string;
  surveyInWords: string;
  actions: (readonly ["hold" | "delete", string])[];
}

async function benchOne(mx: QueueHost, peers: Peers, count: number): Promise<void> {
  const shell = async (script: string) => void (await mx.host.shell(script, { timeoutSeconds: limitSeconds }));
  const ratio = (ours: number, peer: number) =>
    `${(ours / peer).toFixed(2)}   (aim: at most 1.5: ${ours / peer <= 1.5 ? "met" : "NOT met"})`;
  const memory = new PeakMemory(mx.host);
  await peers.fill(count);
  const [peer, ours]: [number[], number[]] = [[], []];
  let told = "";
  for (let round = 0; round < surveyRounds; round += 1) {
    peer.push(await timed(() => shell(peers.survey)));
    await memory.during(async () => {
      ours.push(
        await timed(async () => {
          const { final } = await mx.agent.ask("survey", { instance: mx.instance });
          told = `${final.messages} messages, ${final.complete ? "complete" : `NOT complete: ${final.why}`}`;
        }),
      );
    });
  }
  process.stdout.write(`${peers.name}, ${count} queued messages
  ${peers.surveyInWords.padEnd(40)} ${inWords(sample(peer))}
  survey                                   ${inWords(sample(ours))}; ${told}
  ratio                                    ${ratio(sample(ours).median, sample(peer).median)}
`);
  for (const [action, words] of peers.actions) {
    await peers.fill(count);
    const peerMs = await timed(() => shell(words));
    await peers.fill(count);
    let job = "";
    const oursMs = await memory.during(() =>
      timed(async () => {
        const { state, done, total, why } = await mx.does(action, { match: `sender:${loudSender}` }, limitSeconds);
        job = `${state}, ${done} of ${total}${why === "" ? "" : `: ${why}`}`;
      }),
    );
    process.stdout.write(`  ${`${action} of ${count / 2}: ${words.replace(/^(?:.*\||[^;]*;) /, "… ")}`.padEnd(40)} ${(peerMs / 1000).toFixed(1)} s
  ${`${action} job`.padEnd(40)} ${(oursMs / 1000).toFixed(1)} s; ${job}
  ratio                                    ${ratio(oursMs, peerMs)}
`);
  }
  process.stdout.write(
    `  memory of the agent and all it started, at most  ${(memory.peakBytes / 1_048_576).toFixed(0)} MB resident, shared pages counted for each process\n`,
  );
}

const mailqBy = (sender: string) =>
  `mailq | tail -n +2 | awk 'BEGIN { RS = "" } $7 == "${sender}" { print $1 }' | tr -d '*!'`;

/** @param count of messages; a lab host's disk is that of this machine, of which 50,000 of Exim's take 600 MB, and their backup 3 kB for each that is deleted */
export async function benchQueueActions(count = 3_000): Promise<void> {
  const lab: Lab = await labUp({ hosts: [mxHost("qpf", 11), eximHost("qex", 12, "upstream")] });
  let postfix: QueueHost | undefined;
  let exim: QueueHost | undefined;
  try {
    const qpf = lab.host("qpf");
    await qpf.shell(
      "postconf -e defer_transports=smtp queue_run_delay=10h minimal_backoff_time=10h maximal_backoff_time=20h; touch -d '-10 seconds' /etc/postfix/main.cf; postfix reload",
    );
    postfix = await QueueHost.on(lab, "qpf", "postfix:/etc/postfix");
    const mailq = `mailq | awk '/^[0-9A-Za-z]+[*!]? / { print $7 }'`;
    await benchOne(
      postfix,
      {
        name: "Postfix",
        fill: async (messages) => await fillPostfixQueue(qpf, messages),
        surveyInWords: "2 qshape, 3 mailq | awk | sort | uniq -c",
        survey: [
          "qshape -l deferred",
          "qshape -l -s deferred",
          topOf(mailq),
          topOf(`mailq | awk '/^ +[^ (]+@/ { print $1 }'`),
          topOf(`mailq | awk '/^ *[(]/'`),
        ]
          .map((one) => `${one} >/dev/null`)
          .join("; "),
        actions: [
          ["hold", `${mailqBy(loudSender)} | postsuper -h - 2>/dev/null`],
          ["delete", `${mailqBy(loudSender)} | postsuper -d - 2>/dev/null`],
        ],
      },
      count,
    );
    const qex = lab.host("qex");
    await qex.shell(
      `sed -i '/^begin acl/i hold_domains = *\\nqueue_list_requires_admin = true' /etc/exim4/exim4.conf; kill -HUP "$(cat /run/exim4/exim.pid)"`,
    );
    exim = await QueueHost.on(lab, "qex", "exim:/etc/exim4/exim4.conf");
    await benchOne(
      exim,
      {
        name: "Exim",
        fill: async (messages) => await fillEximQueue(qex, messages),
        surveyInWords: "exim -bp | exiqsumm, and by sender",
        survey: ["exim4 -bp | exiqsumm", topOf(`exim4 -bp | awk '/<.*>/ { print $4 }'`)]
          .map((one) => `${one} >/dev/null`)
          .join("; "),
        actions: [
          ["hold", `exiqgrep -i -f '<${loudSender}>' | xargs exim4 -Mf >/dev/null 2>&1`],
          ["delete", `exiqgrep -i -f '<${loudSender}>' | xargs exim4 -Mrm >/dev/null 2>&1`],
          // with a backup too: out of the queue runners' way first, or what is saved may be delivered as well
          [
            "delete",
            `exiqgrep -i -f '<${loudSender}>' >/tmp/ids; xargs exim4 -MG saved </tmp/ids; tar -C /var/spool/exim4 -cf /root/saved.tar saved; xargs exim4 -qGsaved -Mrm </tmp/ids >/dev/null`,
          ],
        ],
      },
      count,
    );
  } finally {
    await postfix?.agent.stop();
    await exim?.agent.stop();
    await lab.down();
  }
}
