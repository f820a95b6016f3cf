import { Navigate, Route, Router } from "@solidjs/router";
import { lazy, type JSX } from "solid-js";
import { Page } from "./components/page.tsx";
import { Shell } from "./components/shell.tsx";
import { AdminsOnly, DesktopsOnly, SignedIn } from "./components/signed-in.tsx";
import { DesktopsPage } from "./pages/desktops.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { paths } from "./paths.ts";
import { loadViewerPage } from "./routes-preload.ts";

const ViewerPage = lazy(async () => ({ default: (await loadViewerPage()).ViewerPage }));
const AccountPage = lazy(async () => ({
  default: (await import("./pages/account/account.tsx")).AccountPage,
}));
const UsersPage = lazy(async () => ({
  default: (await import("./pages/admin/users.tsx")).UsersPage,
}));
const NodesPage = lazy(async () => ({
  default: (await import("./pages/admin/nodes.tsx")).NodesPage,
}));
const ImportPage = lazy(async () => ({
  default: (await import("./pages/admin/import.tsx")).ImportPage,
}));

export function App(): JSX.Element {
  return (
    <Router root={Page}>
      <Route path={paths.signIn()} component={SignInPage} />
      <Route component={SignedIn}>
        <Route component={DesktopsOnly}>
          <Route path={paths.desktop({ id: ":id" }).replace("%3A", ":")} component={ViewerPage} />
        </Route>
        <Route component={Shell}>
          <Route component={DesktopsOnly}>
            <Route path={paths.desktops()} component={DesktopsPage} />
          </Route>
          <Route path={paths.account()} component={AccountPage} />
          <Route path={paths.admin()} component={() => <Navigate href={paths.adminNodes()} />} />
          <Route path={paths.adminImport()} component={ImportPage} />
          <Route component={AdminsOnly}>
            <Route path={paths.adminUsers()} component={UsersPage} />
            <Route path={paths.adminNodes()} component={NodesPage} />
          </Route>
          <Route path="*" component={NotFoundPage} />
        </Route>
      </Route>
    </Router>
  );
}
