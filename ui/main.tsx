import { QueryClientProvider } from "@tanstack/solid-query";
import { render } from "solid-js/web";
import { queryClient } from "./api/query-client.ts";
import { startMessages } from "./messages/messages.ts";
import { App } from "./routes.tsx";
import { forgetFailedLoads } from "./components/settings.ts";
import { startTheme } from "./styles/theme.ts";
import "./styles/base.css";

const root = document.getElementById("app");
if (root === null) throw new Error("index.html has no #app");

forgetFailedLoads();
startTheme();
await startMessages();
render(
  () => (
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>
  ),
  root,
);
