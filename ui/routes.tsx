import { Navigate, Route, Router } from "@solidjs/router";
import { lazy, type JSX } from "solid-js";
import { Page } from "./components/page.tsx";
import { Shell } from "./components/shell.tsx";
import { homeOfAdmin } from "./components/home.ts";
import { useSignedIn } from "./components/signed-in-context.ts";
import { DesktopsOnly, PeopleOnly, SignedIn } from "./components/signed-in.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { HomePage } from "./pages/station/home-page.tsx";
import { paths } from "./paths.ts";
import { loadViewerPage } from "./routes-preload.ts";

const ViewerPage = lazy(async () => ({ default: (await loadViewerPage()).ViewerPage }));
const AccountPage = lazy(async () => ({
  default: (await import("./pages/account/account.tsx")).AccountPage,
}));
const AdminLayout = lazy(async () => ({
  default: (await import("./pages/admin/layout.tsx")).AdminLayout,
}));
const UsersPage = lazy(async () => ({
  default: (await import("./pages/admin/users.tsx")).UsersPage,
}));
const NodesPage = lazy(async () => ({
  default: (await import("./pages/admin/nodes.tsx")).NodesPage,
}));
const NodePage = lazy(async () => ({
  default: (await import("./pages/admin/node.tsx")).NodePage,
}));
const UsePage = lazy(async () => ({
  default: (await import("./pages/admin/use.tsx")).UsePage,
}));
const GroupsPage = lazy(async () => ({
  default: (await import("./pages/admin/groups.tsx")).GroupsPage,
}));
const BeamlinesPage = lazy(async () => ({
  default: (await import("./pages/admin/beamlines.tsx")).BeamlinesPage,
}));
const ExperimentsPage = lazy(async () => ({
  default: (await import("./pages/admin/experiments.tsx")).ExperimentsPage,
}));
const ExperimentPage = lazy(async () => ({
  default: (await import("./pages/admin/experiment.tsx")).ExperimentPage,
}));
const InstancesPage = lazy(async () => ({
  default: (await import("./pages/admin/instances.tsx")).InstancesPage,
}));
const EnvironmentsPage = lazy(async () => ({
  default: (await import("./pages/admin/environments.tsx")).EnvironmentsPage,
}));
const EnvironmentPage = lazy(async () => ({
  default: (await import("./pages/admin/environment.tsx")).EnvironmentPage,
}));
const MayStartPage = lazy(async () => ({
  default: (await import("./pages/admin/may-start.tsx")).MayStartPage,
}));
const TokensPage = lazy(async () => ({
  default: (await import("./pages/admin/tokens.tsx")).TokensPage,
}));
const ProvidersPage = lazy(async () => ({
  default: (await import("./pages/admin/providers.tsx")).ProvidersPage,
}));
const AuditPage = lazy(async () => ({
  default: (await import("./pages/admin/audit.tsx")).AuditPage,
}));
const ImportPage = lazy(async () => ({
  default: (await import("./pages/admin/import.tsx")).ImportPage,
}));

const RulesPage = lazy(async () => ({
  default: (await import("./pages/admin/rules/rules.tsx")).RulesPage,
}));
const ReservationsPage = lazy(async () => ({
  default: (await import("./pages/admin/reservations/reservations.tsx")).ReservationsPage,
}));
const StationsPage = lazy(async () => ({
  default: (await import("./pages/admin/stations.tsx")).StationsPage,
}));
const EnrolPage = lazy(async () => ({
  default: (await import("./pages/station/enrol.tsx")).EnrolPage,
}));
const AddPage = lazy(async () => ({
  default: (await import("./pages/station/add.tsx")).AddPage,
}));

/** The pattern of an address that has an id in it. */
const ofId = (path: (to: { id: string }) => string): string =>
  path({ id: ":id" }).replace("%3A", ":");

/** The administration's first page is another one for staff. */
function AdminHome(): JSX.Element {
  const me = useSignedIn();
  return <Navigate href={homeOfAdmin(me().roles) ?? paths.adminUsers()} />;
}

export function App(): JSX.Element {
  return (
    <Router root={Page}>
      <Route path={paths.signIn()} component={SignInPage} />
      <Route path={paths.station()} component={EnrolPage} />
      <Route path={paths.add()} component={AddPage} />
      <Route component={SignedIn}>
        <Route component={DesktopsOnly}>
          <Route path={ofId(paths.desktop)} component={ViewerPage} />
        </Route>
        <Route component={Shell}>
          <Route component={DesktopsOnly}>
            <Route path={paths.desktops()} component={HomePage} />
          </Route>
          <Route component={PeopleOnly}>
            <Route path={paths.account()} component={AccountPage} />
          </Route>
          <Route path={paths.admin()} component={AdminHome} />
          <Route component={AdminLayout}>
            <Route path={paths.adminNodes()} component={NodesPage} />
            <Route path={ofId(paths.adminNode)} component={NodePage} />
            <Route path={paths.adminUse()} component={UsePage} />
            <Route path={paths.adminUsers()} component={UsersPage} />
            <Route path={paths.adminGroups()} component={GroupsPage} />
            <Route path={paths.adminBeamlines()} component={BeamlinesPage} />
            <Route path={paths.adminStations()} component={StationsPage} />
            <Route path={paths.adminExperiments()} component={ExperimentsPage} />
            <Route path={ofId(paths.adminExperiment)} component={ExperimentPage} />
            <Route path={paths.adminInstances()} component={InstancesPage} />
            <Route path={paths.adminRules()} component={RulesPage} />
            <Route path={paths.adminReservations()} component={ReservationsPage} />
            <Route path={paths.adminEnvironments()} component={EnvironmentsPage} />
            <Route path={ofId(paths.adminEnvironment)} component={EnvironmentPage} />
            <Route path={paths.adminMayStart()} component={MayStartPage} />
            <Route path={paths.adminImport()} component={ImportPage} />
            <Route path={paths.adminTokens()} component={TokensPage} />
            <Route path={paths.adminProviders()} component={ProvidersPage} />
            <Route path={paths.adminAudit()} component={AuditPage} />
          </Route>
          <Route path="*" component={NotFoundPage} />
        </Route>
      </Route>
    </Router>
  );
}
