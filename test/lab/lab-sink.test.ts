import { expect, it } from "vitest";
import { numberedSubject, numberInSubject } from "./lab-sender.ts";
import { parseMessage } from "./lab-sink.ts";

const file = `X-Client-Addr: 10.77.0.11
X-Client-Proto: ESMTP
X-Helo-Args: mx1.lab.example
X-Mail-Args: <> SIZE=300
X-Rcpt-Args: <bob@lab.example> NOTIFY=NEVER
X-Rcpt-Args: <carol@lab.example>
Received: from mx1.lab.example ([10.77.0.11])
\tby smtp-sink (smtp-sink) with SMTP id 13a31214;
Subject: ${numberedSubject(17)}
Message-ID: <17.1@sender>

Subject: numbered message 99
`;

it("reads the envelope and the number of a message that smtp-sink wrote", () => {
  expect(parseMessage(file)).toEqual({
    messageNumber: 17,
    messageId: "17.1@sender",
    subject: "numbered message 17",
    from: "",
    recipients: ["bob@lab.example", "carol@lab.example"],
    clientAddress: "10.77.0.11",
  });
});

it("doesn't count a message whose header isn't whole yet", () => {
  expect(parseMessage("")).toBeUndefined();
  expect(parseMessage(file.slice(0, file.indexOf("Message-ID")))).toBeUndefined();
});

it("takes only its own subjects for numbers", () => {
  expect(numberInSubject("Re: numbered message 17")).toBeUndefined();
  expect(numberInSubject("numbered message 17x")).toBeUndefined();
});
