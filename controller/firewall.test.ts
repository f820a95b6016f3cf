import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bridgeName,
  FirewallError,
  firewallRules,
  removalScript,
  restoreScript,
  type FirewallInputs,
} from "./firewall-rules.ts";

const installationId = "0a1b2c3d-0000-4000-8000-000000000000";
const inputs: FirewallInputs = {
  installationId,
  bridge: "asci-0a1b2c3d",
  subnets: ["172.18.0.0/16"],
  nameservers: ["169.254.169.254"],
  parts: [{ address: "10.0.0.5", port: 5432 }],
};
const { ipv4, ipv6 } = firewallRules(inputs);

/** What `iptables-restore --noflush` makes of a table: enough of it for our scripts, strict about the rest. */
function restored(shown: readonly string[], script: string): string[] {
  let lines = [...shown];
  const need = (line: string) => {
    if (!lines.includes(line)) throw new Error(`not there: ${line}`);
  };
  const steps = script.trimEnd().split("\n");
  expect([steps.shift(), steps.pop()]).toEqual(["*mangle", "COMMIT"]);
  for (const step of steps) {
    const [, declared] = /^:(\S+) - \[0:0\]$/.exec(step) ?? [];
    const [, verb, rest = ""] = /^-([AIDFX]) (.*)$/.exec(step) ?? [];
    if (declared) {
      lines = lines.filter((it) => !it.startsWith(`-A ${declared} `) && it !== `-N ${declared}`);
      lines.splice(5, 0, `-N ${declared}`);
    } else if (verb === "A") lines.push(step);
    else if (verb === "I") {
      const [, chain, rule] = /^(\S+) 1 (.*)$/.exec(rest) ?? [];
      const first = lines.findIndex((it) => it.startsWith(`-A ${chain} `));
      lines.splice(first === -1 ? lines.length : first, 0, `-A ${chain} ${rule}`);
    } else if (verb === "D") {
      need(`-A ${rest}`);
      lines.splice(lines.indexOf(`-A ${rest}`), 1);
    } else if (verb === "F") lines = lines.filter((it) => !it.startsWith(`-A ${rest} `));
    else if (verb === "X") {
      need(`-N ${rest}`);
      expect(
        lines.filter((it) => it.endsWith(` -j ${rest}`) || it.startsWith(`-A ${rest} `)),
      ).toEqual([]);
      lines = lines.filter((it) => it !== `-N ${rest}`);
    } else throw new Error(`not a step: ${step}`);
  }
  return lines;
}

const policies = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"].map(
  (it) => `-P ${it} ACCEPT`,
);
const apply = (shown: readonly string[]) => {
  const script = restoreScript(ipv4, shown);
  return script === undefined ? [...shown] : restored(shown, script);
};

describe("the rules", () => {
  it("let answers and resolvers pass, and drop host, metadata, neighbours and parts", () => {
    expect(ipv4).toEqual({
      chain: "ASCI-0a1b2c3d",
      jump: "-A PREROUTING -i asci-0a1b2c3d -j ASCI-0a1b2c3d",
      rules: [
        "-A ASCI-0a1b2c3d -m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY -j RETURN",
        "-A ASCI-0a1b2c3d -j ASCI-SITE",
        "-A ASCI-0a1b2c3d -d 169.254.169.254/32 -p udp -m udp --dport 53 -j RETURN",
        "-A ASCI-0a1b2c3d -d 169.254.169.254/32 -p tcp -m tcp --dport 53 -j RETURN",
        "-A ASCI-0a1b2c3d -m addrtype ! --dst-type UNICAST -j DROP",
        "-A ASCI-0a1b2c3d -d 169.254.0.0/16 -j DROP",
        "-A ASCI-0a1b2c3d -d 100.100.100.200/32 -j DROP",
        "-A ASCI-0a1b2c3d -d 168.63.129.16/32 -j DROP",
        "-A ASCI-0a1b2c3d -d 192.0.0.192/32 -j DROP",
        "-A ASCI-0a1b2c3d -d 172.18.0.0/16 -j DROP",
        "-A ASCI-0a1b2c3d -d 10.0.0.5/32 -p tcp -m tcp --dport 5432 -j DROP",
      ],
    });
    expect(ipv6.rules).toEqual(["-A ASCI-0a1b2c3d -j DROP"]);
  });

  it("name an interface that the kernel takes", () => {
    expect(bridgeName(installationId)).toBe("asci-0a1b2c3d");
    expect(bridgeName(installationId).length).toBeLessThanOrEqual(15);
  });

  it.each<[string, Partial<FirewallInputs>]>([
    ["a line break in an interface", { bridge: "asci\n-j ACCEPT" }],
    ["an interface too long", { bridge: "asci-0a1b2c3d-00" }],
    ["an installation without an id", { installationId: "PREROUTING" }],
    ["a network that is everything", { subnets: ["0.0.0.0/0"] }],
    ["a network that is a name", { subnets: ["example.org/24"] }],
    ["a resolver that is a rule", { nameservers: ["10.0.0.1 -j ACCEPT"] }],
    ["a part's IPv6 address", { parts: [{ address: "fd00::5", port: 5432 }] }],
    ["a part without a port", { parts: [{ address: "10.0.0.5", port: 0 }] }],
  ])("are not made from %s", (_, wrong) => {
    expect(() => firewallRules({ ...inputs, ...wrong })).toThrow(FirewallError);
  });
});

describe("making the rules hold", () => {
  it("fills an empty table and then has nothing to do", () => {
    const shown = apply(policies);
    expect(shown).toEqual(expect.arrayContaining(["-N ASCI-SITE", ipv4.jump, ...ipv4.rules]));
    expect(restoreScript(ipv4, shown)).toBeUndefined();
  });

  it("keeps the site's exceptions", () => {
    const exception = "-A ASCI-SITE -d 10.1.2.3/32 -j ACCEPT";
    const site = [...policies, "-N ASCI-SITE", exception];
    expect(apply(site)).toContain(exception);
    expect(restoreScript(ipv4, site)).not.toContain(":ASCI-SITE");
  });

  it("moves in front of what could accept, and stays behind another installation", () => {
    const accepts = "-A PREROUTING -j ACCEPT";
    const other = "-A PREROUTING -i asci-ffffffff -j ASCI-ffffffff";
    const done = apply(policies);
    const before = (line: string) => done.flatMap((it) => (it === ipv4.jump ? [line, it] : [it]));
    const jumps = (lines: string[]) => lines.filter((it) => it.startsWith("-A PREROUTING"));
    expect(jumps(apply(before(accepts)))).toEqual([ipv4.jump, accepts]);
    expect(restoreScript(ipv4, before(other))).toBeUndefined();
  });

  it("follows a bridge with another name", () => {
    const old = "-A PREROUTING -i br-0123456789ab -j ASCI-0a1b2c3d";
    const shown = apply(apply(policies).map((it) => (it === ipv4.jump ? old : it)));
    expect(shown.filter((it) => it.startsWith("-A PREROUTING"))).toEqual([ipv4.jump]);
  });

  it("mends any damage in one go, and changes nothing else", () => {
    const foreign = [
      "-A PREROUTING -j ACCEPT",
      "-A PREROUTING -i asci-ffffffff -j ASCI-ffffffff",
      "-A ASCI-SITE -d 10.1.2.3/32 -j ACCEPT",
      "-A OUTPUT -j RETURN",
    ];
    const whole = apply([...policies, "-N ASCI-SITE", "-N ASCI-ffffffff"]);
    const parts = [
      ...whole.slice(policies.length),
      ipv4.jump,
      "-A ASCI-0a1b2c3d -j RETURN",
      ...foreign,
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(parts), (kept) => {
        // The kernel holds no rule of a chain, and none that leads to it, without the chain.
        const chains = kept.filter((it) => it.startsWith("-N "));
        const rules = kept
          .filter((it) => !it.startsWith("-N "))
          .filter((it) =>
            [/^-A (ASCI-\w+)/, /-j (ASCI-\w+)$/].every((pattern) => {
              const chain = pattern.exec(it)?.[1];
              return chain === undefined || chains.includes(`-N ${chain}`);
            }),
          );
        const shown = apply([...policies, ...chains, ...rules]);
        expect(restoreScript(ipv4, shown)).toBeUndefined();
        expect(shown.filter((it) => it.startsWith("-A ASCI-0a1b2c3d "))).toEqual(ipv4.rules);
        expect(shown.filter((it) => foreign.includes(it)).toSorted()).toEqual(
          rules.filter((it) => foreign.includes(it)).toSorted(),
        );
      }),
    );
  });
});

describe("taking the rules away", () => {
  const remove = (shown: readonly string[]) =>
    restored(shown, removalScript(installationId, shown) ?? "*mangle\nCOMMIT\n");

  it("leaves the table as it was", () => {
    expect(remove(apply(policies))).toEqual(policies);
    expect(removalScript(installationId, policies)).toBeUndefined();
  });

  it("leaves the site's exceptions and other installations alone", () => {
    const site = ["-N ASCI-SITE", "-A ASCI-SITE -d 10.1.2.3/32 -j ACCEPT"];
    expect(remove(apply([...policies, ...site]))).toEqual([...policies, ...site]);
    const other = [
      "-N ASCI-SITE",
      "-N ASCI-ffffffff",
      "-A PREROUTING -i asci-ffffffff -j ASCI-ffffffff",
      "-A ASCI-ffffffff -j ASCI-SITE",
    ];
    expect(remove(apply([...policies, ...other])).toSorted()).toEqual(
      [...policies, ...other].toSorted(),
    );
  });
});
