import { Navigate, Route, Router } from "@solidjs/router";
import type { JSX } from "solid-js";
import { Page } from "./components/page.tsx";
import { Shell } from "./components/shell.tsx";
import { homeOfAdmin } from "./components/home.ts";
import { useSignedIn } from "./components/signed-in-context.ts";
import { DesktopsOnly, PeopleOnly, SignedIn } from "./components/signed-in.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { HomePage } from "./pages/station/home-page.tsx";
import { lazyPart } from "./kit/load-steadily.ts";
import { paths } from "./paths.ts";
import { loadViewerPage } from "./routes-preload.ts";

const ViewerPage = lazyPart(loadViewerPage, "ViewerPage");
const AccountPage = lazyPart(() => import("./pages/account/account.tsx"), "AccountPage");
const AdminLayout = lazyPart(() => import("./pages/admin/layout.tsx"), "AdminLayout");
const UsersPage = lazyPart(() => import("./pages/admin/users.tsx"), "UsersPage");
const NodesPage = lazyPart(() => import("./pages/admin/nodes.tsx"), "NodesPage");
const NodePage = lazyPart(() => import("./pages/admin/node.tsx"), "NodePage");
const UsePage = lazyPart(() => import("./pages/admin/use.tsx"), "UsePage");
const GroupsPage = lazyPart(() => import("./pages/admin/groups.tsx"), "GroupsPage");
const BeamlinesPage = lazyPart(() => import("./pages/admin/beamlines.tsx"), "BeamlinesPage");
const ExperimentsPage = lazyPart(() => import("./pages/admin/experiments.tsx"), "ExperimentsPage");
const ExperimentPage = lazyPart(() => import("./pages/admin/experiment.tsx"), "ExperimentPage");
const InstancesPage = lazyPart(() => import("./pages/admin/instances.tsx"), "InstancesPage");
const EnvironmentsPage = lazyPart(
  () => import("./pages/admin/environments.tsx"),
  "EnvironmentsPage",
);
const EnvironmentPage = lazyPart(() => import("./pages/admin/environment.tsx"), "EnvironmentPage");
const MayStartPage = lazyPart(() => import("./pages/admin/may-start.tsx"), "MayStartPage");
const TokensPage = lazyPart(() => import("./pages/admin/tokens.tsx"), "TokensPage");
const ProvidersPage = lazyPart(() => import("./pages/admin/providers.tsx"), "ProvidersPage");
const AuditPage = lazyPart(() => import("./pages/admin/audit.tsx"), "AuditPage");
const ImportPage = lazyPart(() => import("./pages/admin/import.tsx"), "ImportPage");
const RulesPage = lazyPart(() => import("./pages/admin/rules/rules.tsx"), "RulesPage");
const ReservationsPage = lazyPart(
  () => import("./pages/admin/reservations/reservations.tsx"),
  "ReservationsPage",
);
const StationsPage = lazyPart(() => import("./pages/admin/stations.tsx"), "StationsPage");
const EnrolPage = lazyPart(() => import("./pages/station/enrol.tsx"), "EnrolPage");
const AddPage = lazyPart(() => import("./pages/station/add.tsx"), "AddPage");

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
