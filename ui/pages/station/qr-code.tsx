import { createResource, Show, type JSX } from "solid-js";
import { loadSteadily } from "../../kit/load-steadily.ts";
import styles from "./phone-way.module.css";

/** The dark modules of a QR code as one path, a unit each; with the margin that ISO/IEC 18004 asks for. */
async function draw(text: string): Promise<{ size: number; path: string }> {
  const { encode } = await loadSteadily(() => import("uqr"));
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const rows = data.flatMap((row, y) =>
    row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return { size, path: rows.join("") };
}

/** Dark on light in either theme: not every camera reads the other way round. */
export function QrCode(props: { readonly text: string; readonly label: string }): JSX.Element {
  const [drawn] = createResource(() => props.text, draw);
  return (
    <div class={styles["qr"]}>
      <Show when={drawn.latest}>
        {(it) => (
          <svg
            role="img"
            aria-label={props.label}
            viewBox={`0 0 ${it().size} ${it().size}`}
            shape-rendering="crispEdges"
          >
            <path d={it().path} />
          </svg>
        )}
      </Show>
    </div>
  );
}
