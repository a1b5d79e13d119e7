import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useConnections } from "../../api/use-cluster.ts";
import type { Cluster } from "../../api/generated.ts";
import { useEvents } from "../../api/use-events.ts";
import { useNames } from "../../api/use-names.ts";
import { Failure } from "../../parts/failure.tsx";
import { formatBytes, formatRate } from "../../parts/format.ts";
import { LastHour } from "../../parts/last-hour.tsx";
import { Loading } from "../../parts/loading.tsx";
import { texts } from "../../texts/en.ts";
import { mostNetworks, networkEdges, nodeEdges, widthOf, type Edge } from "./picture-edges.ts";

const t = texts.cluster.picture;
const rowHeight = 64;
const [boxWidth, boxHeight] = [250, 46];
const [pageWidth, gatewayLeft, gatewayWidth] = [960, 420, 120];

/** Networks of consumers, the gateway, and nodes, with what each line carries now. */
export function PictureTab({ cluster }: { readonly cluster: Cluster }) {
  const isOpen = cluster.service?.enabled === true;
  const { connections, error, refetch } = useConnections(cluster.id, isOpen);
  const { history } = useEvents();
  const nameOf = useNames();
  const [chosen, setChosen] = useState<string>();
  if (!isOpen) {
    return (
      <SpaceBetween size="m">
        <Box padding="l">{t.closed}</Box>
        <LastHour of="clusters" id={cluster.id} />
      </SpaceBetween>
    );
  }
  if (!connections) return error ? <Failure error={error} onRetry={() => void refetch()} /> : <Loading />;
  const networks = networkEdges(connections, nameOf);
  const shown = networks.slice(0, mostNetworks);
  const rate = connections.reduce((sum, row) => sum + row.bytesPerSecond, 0);
  const nodes = nodeEdges(cluster.nodes, (id) => history.of(id).at(-1)?.bytesPerSecond ?? 0);
  const edges = [...shown, ...nodes];
  const detail = edges.find(({ id }) => id === chosen);
  const height = Math.max(shown.length, nodes.length, 1) * rowHeight;
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a drawing has no other way to be a group */}
      <svg className="picture" viewBox={`0 0 ${pageWidth} ${height}`} aria-label={t.title} role="group">
        {[shown, nodes].map((side) =>
          side.map((edge, n) => (
            <Line
              key={edge.id}
              edge={edge}
              top={(height * (n + 0.5)) / side.length}
              middle={height / 2}
              onChoose={() => setChosen(edge.id)}
            />
          )),
        )}
        <g>
          <rect x={gatewayLeft} y={height / 2 - 28} width={gatewayWidth} height={56} rx={8} />
          <text x={pageWidth / 2} y={height / 2 - 2} textAnchor="middle">
            {t.gateway}
          </text>
          <text className="quiet" x={pageWidth / 2} y={height / 2 + 16} textAnchor="middle">
            {formatRate(rate)}
          </text>
        </g>
      </svg>
      {networks.length > mostNetworks ? <Box>{t.more(networks.length - mostNetworks)}</Box> : null}
      <Box padding={{ vertical: "s" }}>
        <output>{detail ? describe(detail) : t.hint}</output>
        {nodes.some(({ sessions, traffic }) => sessions > 0 && !traffic) ? <div>{t.uncounted}</div> : null}
      </Box>
      <EdgeTable edges={[...networks, ...nodes]} />
      <LastHour of="clusters" id={cluster.id} />
    </>
  );
}

interface LineProps {
  readonly edge: Edge;
  readonly top: number;
  readonly middle: number;
  readonly onChoose: () => void;
}

function Line({ edge, top, middle, onChoose }: LineProps) {
  const isNetwork = edge.side === "network";
  const left = isNetwork ? 0 : pageWidth - boxWidth;
  const [from, to] = isNetwork ? [boxWidth, gatewayLeft] : [pageWidth - boxWidth, gatewayLeft + gatewayWidth];
  const bend = (from + to) / 2;
  const kind = `${edge.sessions > 0 ? "" : " idle"}${edge.isWell ? "" : edge.isDrained ? " drained" : " bad"}`;
  return (
    <g
      className={`edge${kind}`}
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- there is no button within a drawing
      role="button"
      tabIndex={0}
      aria-label={describe(edge)}
      onFocus={onChoose}
      onMouseEnter={onChoose}
      onClick={onChoose}
      onKeyDown={({ key }) => {
        if (key === "Enter" || key === " ") onChoose();
      }}
    >
      <path
        d={`M${from},${top} C${bend},${top} ${bend},${middle} ${to},${middle}`}
        strokeWidth={widthOf(edge.traffic?.bytesPerSecond ?? 0)}
      />
      <rect x={left + 1} y={top - boxHeight / 2} width={boxWidth - 2} height={boxHeight} rx={6} />
      {/* Cuts off what is too long. */}
      <svg x={left + 10} y={top - boxHeight / 2} width={boxWidth - 20} height={boxHeight}>
        <text y={boxHeight / 2 - 5}>{edge.name}</text>{" "}
        <text className="quiet" y={boxHeight / 2 + 13}>
          {figuresOf(edge)}
        </text>
      </svg>
    </g>
  );
}

/** What is written below the name. */
function figuresOf(edge: Edge): string {
  const figures = t.figures(edge.sessions, edge.traffic && formatRate(edge.traffic.bytesPerSecond));
  if (edge.isWell) return figures;
  return `${figures} · ${edge.side === "network" ? t.notAdmitted : edge.note}`;
}

/** Begins with what is written, by which some people call it. */
function describe(edge: Edge): string {
  const { name, note, traffic } = edge;
  return t.describe(name, figuresOf(edge), note, traffic && formatBytes(traffic.bytes));
}

/** The same for whoever does not see the picture. */
function EdgeTable({ edges }: { readonly edges: readonly Edge[] }) {
  return (
    <table className="for-screen-readers">
      <caption>{t.title}</caption>
      <thead>
        <tr>
          {[t.from, t.note, t.sessions, t.bytes, t.throughput].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {edges.map(({ id, name, note, sessions, traffic }) => (
          <tr key={id}>
            <th scope="row">{name}</th>
            <td>{note}</td>
            <td>{sessions}</td>
            <td>{traffic ? formatBytes(traffic.bytes) : "–"}</td>
            <td>{traffic ? formatRate(traffic.bytesPerSecond) : "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
