/** The real server, but for one thing: it kills itself, as a power cut would, the first time that an order comes to the step named in DIE_AT. */
import { readConfig, startServer } from "@mailbrake/server";

const dieAt = process.env.DIE_AT;
const server = await startServer(readConfig(process.env), {
  onStep: (step: string) => {
    if (step === dieAt) process.kill(process.pid, "SIGKILL");
  },
});
if (server.setupLink) console.log(server.setupLink.url);
