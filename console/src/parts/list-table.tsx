import { useCollection } from "@cloudscape-design/collection-hooks";
import Box from "@cloudscape-design/components/box";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter from "@cloudscape-design/components/text-filter";
import type { ReactNode } from "react";
import { texts } from "../texts/en.ts";
import { Failure } from "./failure.tsx";

interface ListTableProps<Row> {
  readonly title: string;
  /** What is said where there is nothing. */
  readonly empty: string;
  readonly filter: string;
  /** Undefined: not known yet. */
  readonly rows: readonly Row[] | undefined;
  readonly idOf: (row: Row) => string;
  readonly nameOf: (row: Row) => string;
  readonly columns: readonly TableProps.ColumnDefinition<Row>[];
  readonly error?: unknown;
  readonly onRetry?: () => void;
  readonly variant?: TableProps.Variant;
  readonly selection?: {
    readonly selected: readonly Row[];
    readonly onSelect: (rows: readonly Row[]) => void;
  };
  readonly actions?: ReactNode;
}

const pageSize = 25;
const t = texts.list;

/** A list that is filtered and sorted here, a page of rows at a time: a thousand of them stay quick. */
export function ListTable<Row>(props: ListTableProps<Row>) {
  const { rows, idOf, nameOf, selection, error, onRetry } = props;
  const { items, filterProps, collectionProps, paginationProps, filteredItemsCount } = useCollection(
    rows ?? [],
    {
      filtering: {
        empty: <Box textAlign="center">{props.empty}</Box>,
        noMatch: <Box textAlign="center">{t.noMatch}</Box>,
      },
      sorting: {},
      pagination: { pageSize },
    },
  );
  const failure =
    error === null || error === undefined ? null : (
      <Failure error={error} {...(onRetry ? { onRetry } : {})} />
    );
  if (failure && !rows) return failure;
  return (
    <>
      {failure}
      <Table<Row>
        {...collectionProps}
        variant={props.variant ?? "container"}
        items={items}
        trackBy={idOf}
        loading={rows === undefined}
        loadingText={texts.loading}
        columnDefinitions={props.columns}
        {...(selection
          ? {
              selectionType: "multi" as const,
              selectedItems: [...selection.selected],
              onSelectionChange: ({ detail }) => selection.onSelect(detail.selectedItems),
            }
          : {})}
        ariaLabels={{
          tableLabel: props.title,
          selectionGroupLabel: t.selection,
          allItemsSelectionLabel: () => t.selectAll,
          itemSelectionLabel: (_selected, row) => t.select(nameOf(row)),
        }}
        header={
          <Header
            variant={props.variant === "full-page" ? "awsui-h1-sticky" : "h2"}
            counter={rows ? `(${rows.length})` : undefined}
            actions={props.actions}
          >
            {props.title}
          </Header>
        }
        filter={
          <TextFilter
            {...filterProps}
            filteringPlaceholder={props.filter}
            filteringAriaLabel={props.filter}
            countText={t.matches(filteredItemsCount ?? 0)}
          />
        }
        pagination={
          (rows?.length ?? 0) > pageSize ? (
            <Pagination
              {...paginationProps}
              ariaLabels={{ nextPageLabel: t.next, previousPageLabel: t.previous, pageLabel: t.page }}
            />
          ) : undefined
        }
      />
    </>
  );
}
