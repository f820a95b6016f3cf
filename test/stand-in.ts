/** Small images that stand in for a desktop's, where its picture does not matter. */
import type Docker from "dockerode";
import type { EngineProcess } from "../cli/cluster/engine.ts";
import { ensureDebian } from "../images/bootstrap.ts";
import { findMirrors } from "../images/mirror.ts";

const listen = `
  use IO::Socket::UNIX;
  $SIG{PIPE} = "IGNORE";
  $SIG{TERM} = sub { exit 143 };
  my $all = IO::Socket::UNIX->new(Listen => 99, Local => "/run/asci/next") or die;
  rename "/run/asci/next", "/run/asci/vnc.sock";`;

const answer = `
  open my $panel, ">", "/run/asci/panel";
  while (1) { my $one = $all->accept or next; print $one "RFB 003.008\\n"; close $one }`;

const wait = `
  $SIG{TERM} = sub { exit 143 };
  until (-e "/run/asci/go") { select(undef, undef, undef, 0.1) }`;

/** Programs in Perl, which every Debian has. */
const programs = {
  /** Keeps the contract as far as a controller looks: socket, banner, marker of the panel. */
  desktop: `${listen} ${answer}`,
  /** Comes up when somebody makes the file `go` in its folder. */
  slow: `${wait} ${listen} ${answer}`,
  /** Takes connections and says nothing. */
  silent: `${listen} my @kept; while (1) { my $one = $all->accept or next; push @kept, $one }`,
  /** Never gets as far as a socket. */
  stuck: `$SIG{TERM} = sub { exit 143 }; sleep 9 while 1`,
};
export type StandIn = keyof typeof programs;

/** Makes the images on an engine, from the Debian that the host's engine has. @returns their ids */
export async function makeStandIns(
  engine: Pick<EngineProcess, "docker" | "load">,
  host: Docker,
): Promise<Record<StandIn, string>> {
  const base = await ensureDebian(host, { suite: "trixie", mirrors: await findMirrors() });
  await engine.load(await host.getImage(base).get());
  const container = await engine.docker.createContainer({ Image: base, Cmd: ["true"] });
  const make = async (name: StandIn) => {
    const entry = JSON.stringify(["perl", "-e", programs[name]]);
    const made: { Id: string } = await container.commit({
      repo: `asci/${name}`,
      changes: [`ENTRYPOINT ${entry}`],
    });
    return made.Id;
  };
  const ids = {
    desktop: await make("desktop"),
    slow: await make("slow"),
    silent: await make("silent"),
    stuck: await make("stuck"),
  };
  await container.remove();
  return ids;
}
