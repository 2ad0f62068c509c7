"""What every part of the window uses: context, tasks, activity, drafts, commands."""
