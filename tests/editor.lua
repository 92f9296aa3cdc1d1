-- Run by tests/editor.sh inside of Neovim.

local failed = false
local function check(what, holds, seen)
  if not holds then
    failed = true
    io.stderr:write("FAILED: " .. what .. ": " .. vim.inspect(seen) .. "\n")
  else
    io.stderr:write("ok: " .. what .. "\n")
  end
end

-- vim.lsp.start is younger than the Neovim of some distributions.
local client = vim.lsp.start_client({
  name = "msx",
  cmd = { vim.env.MSX, "lsp" },
  root_dir = vim.fn.getcwd(),
})
check("the server starts", client and vim.lsp.buf_attach_client(0, client), client)

local patience = 60000
vim.wait(patience, function() return #vim.diagnostic.get(0) > 0 end, 20)
local found = vim.diagnostic.get(0)
local first = found[1] or {}
check("a mistake is shown", first.code == "msx::unknown-field", found)
check("at its place", first.lnum == 1 and first.col == 40, first)

local function ask(method, line, character)
  local parameters = {
    textDocument = vim.lsp.util.make_text_document_params(0),
    position = { line = line, character = character },
  }
  local answers = vim.lsp.buf_request_sync(0, method, parameters, patience) or {}
  for _, answer in pairs(answers) do
    return answer.result
  end
end

local hover = ask("textDocument/hover", 2, 34)
local text = hover and hover.contents.value or ""
check("hover explains a field", text:find("default 12 Mimg", 1, true) ~= nil, hover)

local items = ask("textDocument/completion", 2, 14)
local labels = vim.tbl_map(function(item) return item.label end, (items or {}).items or items or {})
check("completion offers fields", vim.tbl_contains(labels, "learning_rate"), labels)

vim.api.nvim_buf_set_text(0, 1, 40, 1, 44, { "size" })
vim.wait(patience, function() return #vim.diagnostic.get(0) == 0 end, 20)
check("a correction is noticed", #vim.diagnostic.get(0) == 0, vim.diagnostic.get(0))

local hints = ask("textDocument/codeLens", 0, 0)
local lens = (hints or {})[1] or { command = {} }
check("the experiment has a lens", lens.command.title == "Run this experiment", hints)
local ran
vim.lsp.commands["msx.run"] = function(command) ran = command.arguments end
vim.lsp.codelens.on_codelens(nil, hints, { client_id = client, bufnr = vim.api.nvim_get_current_buf() })
vim.api.nvim_win_set_cursor(0, { 2, 0 })
vim.lsp.codelens.run()
vim.wait(patience, function() return ran ~= nil end, 20)
check("a lens runs its stage", ran and ran[1] == vim.fn.resolve(vim.api.nvim_buf_get_name(0)) and ran[2] == "phantoms", ran)

vim.cmd(failed and "1cquit" or "quitall!")
