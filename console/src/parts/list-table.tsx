import { useCollection } from "@cloudscape-design/collection-hooks";
import Header from "@cloudscape-design/components/header";
import Pagination from "@cloudscape-design/components/pagination";
import Table, { type TableProps } from "@cloudscape-design/components/table";
import TextFilter, { type TextFilterProps } from "@cloudscape-design/components/text-filter";
import { startTransition, useState, type ReactNode } from "react";
import { texts } from "../texts/en.ts";
import { Empty } from "./empty.tsx";
import { Failure } from "./failure.tsx";

interface ListTableProps<Row> {
  readonly title: string;
  /** What is said where there is nothing. */
  readonly empty: string;
  /** What it would be good for, or how it comes to be. */
  readonly emptyHint?: string;
  /** What is asked for there; a list without it is always short. */
  readonly filter?: string;
  /** Undefined: not known yet. */
  readonly rows: readonly Row[] | undefined;
  /** How many there are; as many as there are rows where it is left out. */
  readonly total?: number | undefined;
  readonly idOf: (row: Row) => string;
  readonly nameOf: (row: Row) => string;
  readonly columns: readonly TableProps.ColumnDefinition<Row>[];
  /** Long texts go on in the next line, instead of being cut. */
  readonly wrapLines?: boolean;
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
        empty: <Empty title={props.empty}>{props.emptyHint}</Empty>,
        noMatch: <Empty title={t.noMatch} />,
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
        onSortingChange={(event) => startTransition(() => collectionProps.onSortingChange?.(event))}
        variant={props.variant ?? "container"}
        items={items}
        trackBy={idOf}
        loading={rows === undefined}
        loadingText={texts.loading}
        columnDefinitions={props.columns}
        wrapLines={props.wrapLines === true}
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
            counter={rows && `(${countOf(rows.length, props.total)})`}
            actions={props.actions}
          >
            {props.title}
          </Header>
        }
        filter={
          props.filter === undefined ? undefined : (
            <Filter
              {...filterProps}
              filteringPlaceholder={props.filter}
              filteringAriaLabel={props.filter}
              countText={t.matches(filteredItemsCount ?? 0)}
            />
          )
        }
        pagination={
          (rows?.length ?? 0) > pageSize ? (
            <Pagination
              {...paginationProps}
              onChange={(event) => startTransition(() => paginationProps.onChange(event))}
              ariaLabels={{ nextPageLabel: t.next, previousPageLabel: t.previous, pageLabel: t.page }}
            />
          ) : undefined
        }
      />
    </>
  );
}

function countOf(shown: number, total = shown): string {
  return total > shown ? t.firstOf(shown, total) : String(shown);
}

/** Drawing the table takes a while: what somebody types meanwhile is shown at once. */
function Filter(props: TextFilterProps) {
  const [text, setText] = useState(props.filteringText);
  return (
    <TextFilter
      {...props}
      filteringText={text}
      onChange={(event) => {
        setText(event.detail.filteringText);
        startTransition(() => props.onChange?.(event));
      }}
    />
  );
}
